"""Reading dumps of OSV records: a zip of JSON files, or JSON lines, plain or compressed."""

from __future__ import annotations

import gzip
import io
import lzma
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import zstandard

from tidegate.advisories.osv import MAX_RECORD
from tidegate.errors import ContentError, NetworkError, NotFoundError, StorageError
from tidegate.oci.digest import BLOCK
from tidegate.transport.http import Transport
from tidegate.transport.redaction import redact

# OSV's zip of all ecosystems has about 1 GiB, and 6 GiB unpacked, in 600,000 records.
MAX_DOWNLOAD = 4 << 30
MAX_UNPACKED = 16 << 30
MAX_RECORDS = 5_000_000
_BROKEN = (
    OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError, zipfile.BadZipFile, RuntimeError, ValueError,
    NotImplementedError,
)  # fmt: skip


@contextmanager
def open_dump(place: str, transport: Transport) -> Iterator[IO[bytes]]:
    """A dump as a seekable file, fetched first when `place` is a URL.

    Raises NotFoundError, NetworkError, ContentError above 4 GiB, StorageError.
    """
    if "://" in place:
        with tempfile.TemporaryFile() as file:
            _fetch(place, transport, file)
            file.seek(0)
            yield file
        return
    try:
        stream = Path(place).open("rb")  # noqa: SIM115 - closed by the with below
    except FileNotFoundError:
        raise NotFoundError(f"{place}: there is no such file", hint="give a path or an https address") from None
    except OSError as error:
        raise StorageError(f"{place}: {error.strerror}", hint="give a file that can be read") from error
    with stream:
        yield stream


def read_records(stream: IO[bytes], where: str) -> Iterator[bytes]:
    """Each record's bytes, in bounded memory. Raises ContentError for a broken dump, and above the limits."""
    try:
        head = stream.read(4)
        stream.seek(0)
        records = _zip(stream, where) if head.startswith(b"PK") else _lines(_unpacked(stream, head), where)
        total = 0
        for count, record in enumerate(records, 1):
            total += len(record)
            if count > MAX_RECORDS or total > MAX_UNPACKED:
                raise ContentError(f"{where}: more than {MAX_RECORDS} records or {MAX_UNPACKED} bytes")
            yield record
    except _BROKEN as error:
        raise ContentError(
            f"{where}: a broken dump: {error}",
            hint="a zip of OSV's JSON files, or JSON lines, plain or compressed by gzip or zstd, is expected",
        ) from error


def _fetch(url: str, transport: Transport, file: IO[bytes]) -> None:
    buffer = memoryview(bytearray(BLOCK))
    size = 0
    with transport.request("GET", url) as response:
        if response.status != 200:
            kind = NotFoundError if response.status in {404, 410} else NetworkError
            raise kind(f"{redact(url)}: answered {response.status}", hint="check the address of the dump")
        while count := response.readinto(buffer):
            size += count
            if size > MAX_DOWNLOAD:
                raise ContentError(f"{redact(url)}: more than the {MAX_DOWNLOAD} bytes that are accepted")
            _write(file, buffer[:count])


def _write(file: IO[bytes], data: memoryview) -> None:
    try:
        file.write(data)
    except OSError as error:
        raise StorageError(f"temporary folder: {error.strerror}", hint="free some space, or set TMPDIR") from error


def _unpacked(stream: IO[bytes], head: bytes) -> io.BufferedIOBase | IO[bytes]:
    if head.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=stream)
    if head == b"\x28\xb5\x2f\xfd":
        reader = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(stream, read_across_frames=True)
        return io.BufferedReader(cast("io.RawIOBase", reader), BLOCK)
    return stream


def _lines(stream: io.BufferedIOBase | IO[bytes], where: str) -> Iterator[bytes]:
    while line := stream.readline(MAX_RECORD + 1):
        if len(line) > MAX_RECORD:
            raise ContentError(f"{where}: a line with more than {MAX_RECORD} bytes")
        if line.strip():
            yield line


def _zip(stream: IO[bytes], where: str) -> Iterator[bytes]:
    with zipfile.ZipFile(stream) as archive:
        for name in archive.namelist():
            if not name.endswith(".json"):
                continue
            with archive.open(name) as member:
                record = member.read(MAX_RECORD + 1)
            if len(record) > MAX_RECORD:
                raise ContentError(f"{where}: {name} has more than {MAX_RECORD} bytes")
            yield record
