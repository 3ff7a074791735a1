from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from tidegate.oci.ranges import take_range


@pytest.fixture
def file(tmp_path: Path) -> io.FileIO:
    """A file of ten bytes, open without a buffer."""
    (tmp_path / "file").write_bytes(b"0123456789")
    return io.FileIO(tmp_path / "file")


def test_a_file_gives_its_next_bytes_as_ranges(file: io.FileIO) -> None:
    """As many as asked for, then the rest, then none; reading goes on behind them."""
    with file:
        first = take_range(file, 4)
        assert first is not None
        assert os.pread(first.file.fileno(), first.size, first.offset) == b"0123"
        assert file.read(2) == b"45"
        rest = take_range(file, 100)
        assert rest is not None
        assert (rest.offset, rest.size) == (6, 4)
        assert take_range(file, 100) is None


def test_bytes_in_memory_lie_in_no_file(file: io.FileIO) -> None:
    """Nor do those that a buffer may hold already."""
    assert take_range(io.BytesIO(b"data"), 4) is None
    with io.BufferedReader(file) as buffered:
        assert take_range(buffered, 4) is None
