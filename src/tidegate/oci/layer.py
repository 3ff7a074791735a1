"""Reading a layer: a tar stream as safe entries (OCI image-spec, layer.md)."""

from __future__ import annotations

import contextlib
import gzip
import io
import posixpath
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import IO, cast

import zstandard

from tidegate.errors import ContentError, DigestMismatch
from tidegate.oci.digest import BLOCK, Digest, Verifier
from tidegate.oci.store import Readable

WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"

FILE, DIRECTORY, SYMLINK, HARDLINK = "file", "directory", "symlink", "hardlink"
_KINDS = {tarfile.DIRTYPE: DIRECTORY, tarfile.SYMTYPE: SYMLINK, tarfile.LNKTYPE: HARDLINK}
_MAX_ENTRIES = 2_000_000
_BROKEN = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, zstandard.ZstdError, ValueError)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a layer. `path` is relative to the root, without `.` or `..`; `target` a link's."""

    path: str
    kind: str
    size: int
    mode: int
    uid: int
    gid: int
    target: str = ""

    @property
    def whiteout(self) -> str | None:
        """The path that this entry removes from the layers below, or None."""
        folder, name = posixpath.split(self.path)
        if not name.startswith(WHITEOUT) or name == OPAQUE:
            return None
        return posixpath.join(folder, name.removeprefix(WHITEOUT))

    @property
    def opaque(self) -> str | None:
        """The folder whose content below this layer is hidden, or None."""
        folder, name = posixpath.split(self.path)
        return folder if name == OPAQUE else None


def decompress(stream: Readable, compression: str) -> IO[bytes]:
    """The tar stream of a layer; compression is `gzip`, `zstd` or empty."""
    raw = cast("io.RawIOBase", stream)
    if compression == "gzip":
        return cast("IO[bytes]", _Gzip(raw))
    if compression == "zstd":
        return cast(
            "IO[bytes]", zstandard.ZstdDecompressor().stream_reader(cast("IO[bytes]", raw), read_across_frames=True)
        )
    return cast("IO[bytes]", raw)


def read_layer(stream: IO[bytes], where: str) -> Iterator[tuple[Entry, IO[bytes] | None]]:
    """The entries of a tar stream in order, files with their content, readable until the next step.

    Seeks over content that is not read where the stream can seek. Raises ContentError, naming `where`
    and the entry, for a broken archive, a path that climbs out, and anything but files, folders and links.
    """
    try:
        mode = "r:" if stream.seekable() and not isinstance(stream, gzip.GzipFile) else "r|"
        with tarfile.open(fileobj=stream, mode=mode, bufsize=1 << 18) as archive:  # type: ignore[call-overload]
            for count, member in enumerate(archive):
                if count >= _MAX_ENTRIES:
                    raise ContentError(f"{where}: more than {_MAX_ENTRIES} entries")
                archive.members = []  # tarfile keeps them all otherwise
                entry = _entry(member, where)
                yield entry, _content(archive, member, where) if entry.kind == FILE else None
    except _BROKEN as error:
        raise ContentError(f"{where}: a broken layer archive: {error}") from error


def safe_path(name: str, where: str) -> str:
    """An archive's path relative to the root. Raises ContentError when it climbs out."""
    path = posixpath.normpath(name.lstrip("/"))
    if path == ".." or path.startswith("../") or "\0" in path:
        raise ContentError(f"{where}: {name!r} climbs out of the layer")
    return "" if path == "." else path


class VerifiedLayer(io.RawIOBase):
    """A layer's uncompressed tar; leaving it without an error reads it to its end and compares its diff id."""

    def __init__(self, stream: IO[bytes], diff_id: Digest, where: str) -> None:
        self._stream = stream
        self._verifier = Verifier(diff_id)
        self._where = where

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # the base wants any buffer
        try:
            data = self._stream.read(len(buffer))
        except _BROKEN as error:
            raise ContentError(f"{self._where}: a broken layer archive: {error}") from error
        self._verifier.update(data)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.closing(self):
            if kind is None:
                self._finish()

    def _finish(self) -> None:
        while self.read(BLOCK):
            pass
        try:
            self._verifier.finish()
        except DigestMismatch as error:
            raise DigestMismatch(
                f"{self._where}: its content is not the {self._verifier.digest} that the image's configuration names",
                hint="fetch or build the image anew, and do not run this one",
            ) from error


class _Gzip(gzip.GzipFile):
    """Closes what it reads from, too."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self._below = raw
        super().__init__(fileobj=io.BufferedReader(raw, 1 << 18), mode="rb")

    def close(self) -> None:
        super().close()
        self._below.close()


class _Content(io.RawIOBase):
    """A file in an archive, whose reader maps what goes wrong."""

    def __init__(self, raw: io.RawIOBase, where: str) -> None:
        self._raw = raw
        self._where = where

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._raw.seekable()

    def tell(self) -> int:
        return self._raw.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._raw.seek(offset, whence)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            return self._raw.readinto(buffer) or 0
        except _BROKEN as error:
            raise ContentError(f"{self._where}: a broken layer archive: {error}") from error


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo, where: str) -> IO[bytes]:
    file = cast("io.BufferedReader", archive.extractfile(member))
    return io.BufferedReader(_Content(cast("io.RawIOBase", file.raw), f"{where}: {member.name}"), 1 << 18)


def _entry(member: tarfile.TarInfo, where: str) -> Entry:
    path = safe_path(member.name, where)
    kind = FILE if member.isreg() else _KINDS.get(member.type, "")
    if not kind:
        raise ContentError(f"{where}: {path!r} is a device, a pipe or something else that an image may not hold")
    target = safe_path(member.linkname, where) if kind == HARDLINK else member.linkname
    return Entry(path, kind, member.size if kind == FILE else 0, member.mode & 0o7777, member.uid, member.gid, target)
