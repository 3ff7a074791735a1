"""A wheel's archive: what is in it, limits, and its content compared with RECORD on its way."""

from __future__ import annotations

import base64
import configparser
import csv
import errno
import hashlib
import io
import posixpath
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from installer.exceptions import InstallerError
from installer.records import Hash, InvalidRecordEntry, parse_record_file
from installer.sources import WheelContentElement, WheelFile

from tidegate.errors import ContentError, StorageError

if TYPE_CHECKING:
    from hashlib import _Hash

# Metadata files are held in memory.
_MAX_METADATA = 64 << 20
_MAX_FILES = 500_000
_MARKS = frozenset({"INSTALLER", "REQUESTED", "direct_url.json", "RECORD.jws", "RECORD.p7s"})
# What the zip module and `installer` raise for broken wheels.
_BROKEN = (
    AssertionError,
    EOFError,
    InstallerError,
    InvalidRecordEntry,
    KeyError,
    RuntimeError,
    ValueError,
    configparser.Error,
    csv.Error,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


class Source(WheelFile):
    """A wheel without what doesn't belong into an image: bytecode, signatures of RECORD, an installer's marks."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        super().__init__(archive)
        if len(archive.infolist()) > _MAX_FILES:
            raise ContentError(f"more than {_MAX_FILES} files")
        self.members = {member.filename: member for member in archive.infolist()}
        for name in ("RECORD", "WHEEL", "METADATA", "entry_points.txt"):
            member = self.members.get(f"{self.dist_info_dir}/{name}")
            if member is not None and member.file_size > _MAX_METADATA:
                raise ContentError(f"{name} has more than {_MAX_METADATA} bytes")
        self.records = {row[0]: row for row in parse_record_file(self.read_dist_info("RECORD").splitlines())}

    def get_contents(self) -> Iterator[WheelContentElement]:
        for record, stream, executable in super().get_contents():
            folder, name = posixpath.split(record[0])
            marks = folder == self.dist_info_dir and name in _MARKS
            if not marks and "__pycache__" not in folder.split("/"):
                yield record, stream, executable


class Checked(io.RawIOBase):
    """A member's content, compared with RECORD when its end is reached."""

    def __init__(self, stream: IO[bytes], member: str, digest: Hash, size: int, where: str) -> None:
        self._stream = stream
        self._member = member
        self._digest = digest
        self._where = where
        self._state = hashlib.new(digest.name)
        self._left = size
        if not self._left:
            self._compare()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed's Buffer has no length
        try:
            data = self._stream.read(len(buffer))
        except _BROKEN as error:
            raise ContentError(f"{self._where}: {self._member}: {error}") from error
        buffer[: len(data)] = data
        self._state.update(data)
        self._left -= len(data)
        if data and not self._left:
            self._compare()
        return len(data)

    def _compare(self) -> None:
        if encode(self._state) != self._digest.value.rstrip("="):
            raise ContentError(
                f"{self._where}: {self._member} is not what RECORD says",
                hint="the wheel was built badly; pin another version",
            )


@contextmanager
def open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """The wheel's archive; errors of the zip module, of `installer` and our own name the wheel."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except ContentError as error:
        message = error.message if error.message.startswith(path.name) else f"{path.name}: {error.message}"
        raise ContentError(message, hint=error.hint) from error
    except _BROKEN as error:
        raise ContentError(f"{path.name}: a broken wheel: {error}", hint="pin another version of it") from error
    except OSError as error:
        # A directory that lies about offsets makes the zip module seek to nowhere.
        if error.errno == errno.EINVAL:
            raise ContentError(f"{path.name}: a broken wheel: {error}", hint="pin another version of it") from error
        raise StorageError(f"{path}: {error.strerror or error}") from error


def encode(state: _Hash) -> str:
    """A hash as RECORD has it: URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(state.digest()).decode("ascii").rstrip("=")
