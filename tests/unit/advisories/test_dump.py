from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from tidegate.advisories import dump
from tidegate.advisories.osv import MAX_RECORD
from tidegate.errors import ContentError, NetworkError, NotFoundError
from tidegate.transport.http import NO_RETRY, Transport

LINES = b'{"id": "A"}\n\n{"id": "B"}\n'


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def read(data: bytes) -> list[bytes]:
    return [record.strip() for record in dump.read_records(io.BytesIO(data), "the dump")]


@pytest.mark.parametrize(
    "data",
    [
        LINES,
        gzip.compress(LINES),
        zstandard.compress(LINES),
        zstandard.compress(LINES[:12]) + zstandard.compress(LINES[12:]),
        zipped({"A.json": b'{"id": "A"}', "readme.txt": b"no", "B.json": b'{"id": "B"}'}),
    ],
    ids=["plain", "gzip", "zstd", "two-frames", "zip"],
)
def test_every_form_gives_the_same_records(data: bytes) -> None:
    """Told apart by their content."""
    assert read(data) == [b'{"id": "A"}', b'{"id": "B"}']


@pytest.mark.parametrize(
    "pack",
    [bytes, gzip.compress, zstandard.compress, lambda data: zipped({"A.json": data})],
    ids=["plain", "gzip", "zstd", "zip"],
)
def test_a_huge_record_is_refused(pack: Callable[[bytes], bytes]) -> None:
    """Before it is held in memory, also when it is packed small."""
    with pytest.raises(ContentError, match="more than"):
        read(pack(b" " * (MAX_RECORD + 10)))


@pytest.mark.parametrize(
    "data",
    [gzip.compress(LINES)[:-6], b"PK\x03\x04broken", zstandard.compress(LINES)[:6] + b"!!!"],
    ids=["gzip", "zip", "zstd"],
)
def test_a_broken_dump_is_one_error(data: bytes) -> None:
    """That names it."""
    with pytest.raises(ContentError, match="the dump"):
        read(data)


def test_a_missing_file_is_said() -> None:
    """With its path."""
    with pytest.raises(NotFoundError, match="nowhere"), dump.open_dump("/nowhere/x.zip", Transport({})):
        pass


def test_an_unreachable_address_is_said(tmp_path: Path, free_port: Callable[[], int]) -> None:
    """Without a traceback."""
    transport = Transport({}, retry=NO_RETRY)
    with pytest.raises(NetworkError), dump.open_dump(f"http://127.0.0.1:{free_port()}/x", transport):
        pass
