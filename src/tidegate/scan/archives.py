"""Opening what files are packed in: compressed streams, zip and tar, as a lenient loader would."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, cast

import zstandard

from tidegate.scan.formats import Format
from tidegate.scan.reader import Reader

MAX_MEMBERS = 200_000
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_STORED, _DEFLATED, _BZIP2 = 0, 8, 12
BROKEN = (
    OSError, EOFError, ValueError, RuntimeError, NotImplementedError, struct.error, zlib.error, lzma.LZMAError,
    zipfile.BadZipFile, tarfile.TarError, zstandard.ZstdError, OverflowError,
)  # fmt: skip


class Unreadable(Exception):
    """A member whose bytes can't be had."""


def decompress(reader: Reader, kind: Format) -> IO[bytes]:
    """The stream inside a compressed one; broken content shows when it is read, by one of BROKEN."""
    raw = cast("IO[bytes]", reader)
    if kind == Format.GZIP:
        return cast("IO[bytes]", gzip.GzipFile(fileobj=raw, mode="rb"))
    if kind == Format.BZIP2:
        return bz2.BZ2File(raw)
    if kind in {Format.XZ, Format.LZMA}:
        return lzma.LZMAFile(raw)
    if kind == Format.ZSTD:
        return cast(
            "IO[bytes]",
            zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(raw, read_across_frames=True),
        )
    return cast("IO[bytes]", io.BufferedReader(_Inflated(raw, zlib.decompressobj())))


class _Inflated(io.RawIOBase):
    """A zlib or raw deflate stream; what follows its end is left."""

    def __init__(self, stream: IO[bytes], state: zlib._Decompress) -> None:
        self._stream = stream
        self._state = state

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._state.eof:
            data = self._state.unconsumed_tail or self._stream.read(1 << 16)
            part = self._state.decompress(data, len(buffer))
            if part:
                buffer[: len(part)] = part
                return len(part)
            if not data:
                raise EOFError("the compressed data ends early")
        return 0


def zip_members(reader: Reader) -> Iterator[tuple[str, IO[bytes] | Unreadable]]:
    """Each member of a zip by its central directory, as torch and zipfile find them.

    Flags, checksums and the names in local headers are ignored: loaders differ in what they check.
    """
    with reader.seekable_file() as file, zipfile.ZipFile(file) as archive:
        for count, member in enumerate(archive.infolist()):
            if count >= MAX_MEMBERS:
                raise ValueError(f"more than {MAX_MEMBERS} members")
            if not member.is_dir():
                yield member.filename, _open_member(file, member)


def _open_member(file: IO[bytes], member: zipfile.ZipInfo) -> IO[bytes] | Unreadable:
    file.seek(member.header_offset)
    header = file.read(_LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size or not header.startswith(b"PK"):
        return Unreadable("its local header is not where it should be")
    name, extra = _LOCAL_HEADER.unpack(header)[-2:]
    file.seek(member.header_offset + _LOCAL_HEADER.size + name + extra)
    raw = cast("IO[bytes]", io.BufferedReader(_Window(file, member.compress_size)))
    if member.compress_type == _STORED:
        return raw
    if member.compress_type == _DEFLATED:
        return cast("IO[bytes]", io.BufferedReader(_Inflated(raw, zlib.decompressobj(-15))))
    if member.compress_type == _BZIP2:
        return bz2.BZ2File(raw)
    return Unreadable(f"it is compressed by method {member.compress_type}")


class _Window(io.RawIOBase):
    """So many bytes of a file from where it stands."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._left = size
        self._next = file.tell()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._file.seek(self._next)
        data = self._file.read(min(len(buffer), self._left))
        buffer[: len(data)] = data
        self._left -= len(data)
        self._next += len(data)
        return len(data)


def tar_members(reader: Reader) -> Iterator[tuple[str, IO[bytes]]]:
    """Each file of a tar."""
    with tarfile.open(fileobj=cast("IO[bytes]", reader), mode="r|") as archive:
        for count, member in enumerate(archive):
            if count >= MAX_MEMBERS:
                raise ValueError(f"more than {MAX_MEMBERS} members")
            archive.members = []  # type: ignore[attr-defined]
            content = archive.extractfile(member) if member.isreg() else None
            if content is not None:
                yield member.name, content
