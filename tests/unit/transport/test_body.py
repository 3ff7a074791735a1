"""Bodies out of sources, and downloads that are taken up again."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.errors import DigestMismatch, NetworkError
from tidegate.oci.digest import BLOCK
from tidegate.oci.ranges import FileRange
from tidegate.transport.body import ResumingReader, blocks


class Dribble(io.RawIOBase):
    """A stream that gives a few bytes at a time."""

    def __init__(self, data: bytes, step: int) -> None:
        self._rest = io.BytesIO(data)
        self._step = step

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # the base wants any buffer
        data = self._rest.read(min(self._step, len(buffer)))
        buffer[: len(data)] = data
        return len(data)


@given(st.binary(max_size=5000), st.integers(1, 700))
def test_small_reads_become_full_blocks(data: bytes, step: int) -> None:
    """Many small parts of a recipe go out as one piece."""
    found = [bytes(block) for block in blocks(Dribble(data, step), len(data)) if isinstance(block, memoryview)]
    assert found == ([data] if data else [])


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK])
def test_no_block_is_larger_than_a_mebibyte(size: int) -> None:
    """And together they are the whole."""
    sizes = [len(block) for block in blocks(io.BytesIO(bytes(size)), size) if isinstance(block, memoryview)]
    assert sum(sizes) == size
    assert all(0 < length <= BLOCK for length in sizes)


@pytest.mark.parametrize("promised", [9, 11, BLOCK])
def test_another_size_than_promised_is_found_before_the_end(promised: int) -> None:
    """The last block is never given out, so that a server can't take the body for whole."""
    body = blocks(io.BytesIO(bytes(10)), promised)
    with pytest.raises(DigestMismatch, match="promised"):
        next(body)


def test_a_file_is_given_out_as_ranges(tmp_path: Path) -> None:
    """From where it stands, and its bytes aren't read."""
    path = tmp_path / "file"
    path.write_bytes(bytes(9 * BLOCK))
    with path.open("rb", buffering=0) as file:
        file.seek(5)
        parts = list(blocks(file, 9 * BLOCK - 5, ranges=True))
    ranges = [(part.offset, part.size) for part in parts if isinstance(part, FileRange)]
    assert len(ranges) == len(parts)
    assert ranges[0][0] == 5
    assert sum(size for _, size in ranges) == 9 * BLOCK - 5


class Breaking:
    """A body that breaks off after some bytes."""

    def __init__(self, data: bytes, *, whole: bool) -> None:
        self._rest = io.BytesIO(data)
        self._whole = whole
        self.closed = False

    def readinto(self, buffer: memoryview) -> int:
        count = self._rest.readinto(buffer)
        if not count and not self._whole:
            raise NetworkError("broke off")
        return count

    def close(self) -> None:
        self.closed = True


@given(st.binary(max_size=200), st.lists(st.integers(1, 50), max_size=10), st.integers(0, 20))
def test_a_body_that_breaks_off_is_read_on_from_there(data: bytes, lengths: list[int], offset: int) -> None:
    """However often, no byte comes twice, and every body is closed."""
    bodies: list[Breaking] = []

    def reopen(start: int) -> Breaking:
        length = lengths[len(bodies)] if len(bodies) < len(lengths) else None
        part = data[start:] if length is None else data[start : start + length]
        bodies.append(Breaking(part, whole=length is None))
        return bodies[-1]

    with ResumingReader(reopen, lambda _: True, offset) as reader:
        assert reader.readall() == data[offset:]
    assert all(body.closed for body in bodies)


def test_a_body_that_never_goes_on_is_given_up() -> None:
    """When `pause` says that there were enough."""
    reader = ResumingReader(lambda _: Breaking(b"", whole=False), lambda attempt: attempt < 3)
    with pytest.raises(NetworkError):
        reader.read(1)
    reader.close()
