"""Bytes that lie in a file, so that the kernel can send them without a copy in this process."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from typing import BinaryIO, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class FileRange:
    """`size` bytes from `offset` of an open file. Valid until its stream's next step."""

    file: BinaryIO | io.FileIO
    offset: int
    size: int


@runtime_checkable
class RangeSource(Protocol):
    """A stream that knows of its next bytes where they lie."""

    def take_range(self, limit: int) -> FileRange | None:
        """The next bytes, `limit` at most, as a range of a file, moving on past them; None when they lie in none."""


def take_range(stream: object, limit: int) -> FileRange | None:
    """`RangeSource.take_range` for any stream: plain files have it too, others never."""
    if isinstance(stream, RangeSource):
        return stream.take_range(limit)
    if not isinstance(stream, io.FileIO):
        return None
    offset = stream.tell()
    size = min(limit, os.fstat(stream.fileno()).st_size - offset)
    if size <= 0:
        return None
    stream.seek(offset + size)
    return FileRange(stream, offset, size)
