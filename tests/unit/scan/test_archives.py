from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import zipfile
import zlib

import pytest
import zstandard
from tests.assets.scan.malicious import SYSTEM, lying_zip, tarred, zipped

from tidegate.scan.archives import BROKEN, Unreadable, decompress, tar_members, zip_members
from tidegate.scan.formats import Format
from tidegate.scan.reader import Budget, Reader

DATA = bytes(range(256)) * 2000


def reader(data: bytes) -> Reader:
    return Reader(io.BytesIO(data), Budget(1 << 40))


@pytest.mark.parametrize(
    ("kind", "packed"),
    [
        (Format.GZIP, gzip.compress(DATA)),
        (Format.BZIP2, bz2.compress(DATA)),
        (Format.XZ, lzma.compress(DATA)),
        (Format.LZMA, lzma.compress(DATA, lzma.FORMAT_ALONE)),
        (Format.ZLIB, zlib.compress(DATA)),
        (Format.ZSTD, zstandard.compress(DATA)),
    ],
)
def test_compressed_streams_are_opened(kind: Format, packed: bytes) -> None:
    """And a cut-off one is broken, or at least not whole."""
    assert decompress(reader(packed), kind).read() == DATA
    with contextlib.suppress(*BROKEN):
        assert len(decompress(reader(packed[:-20]), kind).read()) < len(DATA)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_zip_members_are_opened(method: int) -> None:
    """By their central directory."""
    packed = zipped({"a/b": DATA, "c": b""}, method)
    found = {name: member.read() for name, member in zip_members(reader(packed)) if not isinstance(member, Unreadable)}
    assert found == {"a/b": DATA, "c": b""}


@pytest.mark.parametrize("lie", ["name", "flags", "checksum"])
def test_what_a_strict_reader_refuses_is_read(lie: str) -> None:
    """Loaders differ in what they check."""
    for _, member in zip_members(reader(lying_zip(lie))):
        assert not isinstance(member, Unreadable)
        assert member.read() == SYSTEM


def test_a_method_nobody_knows_is_unreadable() -> None:
    """Not empty."""
    packed = bytearray(zipped({"a": DATA}, zipfile.ZIP_LZMA))
    ((_, member),) = zip_members(reader(bytes(packed)))
    assert isinstance(member, Unreadable)


def test_tar_members_are_opened() -> None:
    """Files only."""
    assert {name: content.read() for name, content in tar_members(reader(tarred({"a": DATA})))} == {"a": DATA}
