"""Reading a .deb: an ar archive of two tar archives (deb(5))."""

from __future__ import annotations

import gzip
import io
import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import zstandard

from tidegate.errors import ContentError, StorageError
from tidegate.oci.layer import Entry, read_layer

_MAGIC = b"!<arch>\n"
_HEADER = 60
_MAX_CONTROL = 4 << 20
_MAX_UNPACKED = 64 << 30
_BROKEN = (lzma.LZMAError, zstandard.ZstdError, zlib.error, EOFError, gzip.BadGzipFile)


class _Forward(io.RawIOBase):
    """At most `limit` bytes of a stream, forwards only."""

    def __init__(self, file: IO[bytes], limit: int) -> None:
        self._file = file
        self._left = limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._file.read(min(self._left, len(buffer)))
        buffer[: len(data)] = data
        self._left -= len(data)
        return len(data)


def control(path: Path) -> dict[str, bytes]:
    """The small files of the control archive by name: `control`, `postinst`, `conffiles` … Raises ContentError."""
    found: dict[str, bytes] = {}
    seen = 0
    with _archive(path, "control.tar") as stream:
        for entry, content in read_layer(stream, path.name):
            if content is None:
                continue
            seen += entry.size
            if seen > _MAX_CONTROL:
                raise ContentError(f"{path.name}: its control files have more than {_MAX_CONTROL} bytes")
            found[entry.path] = content.read()
    if "control" not in found:
        raise ContentError(f"{path.name}: it has no control file")
    return found


def entries(path: Path) -> Iterator[tuple[Entry, IO[bytes] | None]]:
    """The package's files in the archive's order, with the owners and modes of its headers.

    Content is readable until the next step. Raises ContentError for a broken archive or an unsafe path.
    """
    with _archive(path, "data.tar") as stream:
        yield from read_layer(stream, path.name)


def fields(text: str) -> dict[str, str]:
    """The first paragraph of a control file (deb822(5)): names as written, lines of a value joined by newlines."""
    found: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if not line.strip() and found:
            break
        if line[:1] in {" ", "\t"} and name:
            found[name] += "\n" + line
        elif ":" in line and not line.startswith("#"):
            name, _, value = line.partition(":")
            found[name] = value.strip()
    return found


@contextmanager
def _archive(path: Path, kind: str) -> Iterator[IO[bytes]]:
    try:
        with path.open("rb") as file:
            name, size = _find(file, kind, path.name)
            with _decompress(_buffered(file, size), name, path.name) as stream:
                yield _buffered(stream, _MAX_UNPACKED)
    except _BROKEN as error:
        raise ContentError(f"{path.name}: its {kind} is broken: {error}") from error
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror or error}") from error


def _find(file: IO[bytes], kind: str, where: str) -> tuple[str, int]:
    """Go to the member whose name starts with `kind`; its name and size."""
    if file.read(len(_MAGIC)) != _MAGIC:
        raise ContentError(f"{where}: not a Debian package")
    while header := file.read(_HEADER):
        name = header[:16].decode("ascii", "replace").strip().rstrip("/")
        size = header[48:58].strip()
        if len(header) != _HEADER or header[58:] != b"`\n" or not size.isdigit():
            raise ContentError(f"{where}: a broken Debian package")
        if name.startswith(kind):
            return name, int(size)
        file.seek(int(size) + int(size) % 2, io.SEEK_CUR)
    raise ContentError(f"{where}: it has no {kind}")


def _buffered(stream: IO[bytes], limit: int) -> IO[bytes]:
    return cast("IO[bytes]", io.BufferedReader(_Forward(stream, limit), 1 << 18))


def _decompress(stream: IO[bytes], name: str, where: str) -> IO[bytes]:
    extension = name.partition(".tar")[2]
    if extension == ".xz":
        return cast("IO[bytes]", lzma.open(stream))
    if extension == ".gz":
        return cast("IO[bytes]", gzip.open(stream))
    if extension == ".zst":
        return cast("IO[bytes]", zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True))
    if not extension:
        return stream
    raise ContentError(f"{where}: {name} is compressed in a way that isn't supported")
