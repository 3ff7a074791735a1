"""Reading a file forward once: peek, take, skip, within a budget."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast

_BLOCK = 1 << 16
# Files up to this many bytes are kept in memory when they must be read back and forth.
_IN_MEMORY = 8 << 20


class Truncated(Exception):
    """The bytes end before they should."""


class TooLarge(Exception):
    """More bytes than a file may unpack to."""


class Budget:
    """How many bytes may still be read from one file and all that is packed in it."""

    def __init__(self, left: int) -> None:
        self._left = left

    def spend(self, count: int) -> None:
        """Raises TooLarge."""
        self._left -= count
        if self._left < 0:
            raise TooLarge


class Reader:
    """A forward reader with look-ahead. Holds a block of 64 KiB, whatever is skipped.

    `rewindable` says that the stream may be read again from its start, `skippable` that it seeks forward
    without reading.
    """

    def __init__(self, stream: IO[bytes], budget: Budget, *, rewindable: bool = False, skippable: bool = False) -> None:
        self._stream = stream
        self.budget = budget
        self._rewindable = rewindable
        self._buffer = b""
        self._at = 0
        self._before = 0
        self._can_seek = skippable

    @property
    def position(self) -> int:
        return self._before + self._at

    def peek(self, count: int) -> bytes:
        """The next bytes, fewer at the end."""
        while len(self._buffer) - self._at < count and self._fill():
            pass
        return self._buffer[self._at : self._at + count]

    def take(self, count: int) -> bytes:
        """Exactly so many bytes. Raises Truncated."""
        end = self._at + count
        if end > len(self._buffer):
            self.peek(count)
            end = self._at + count
            if end > len(self._buffer):
                raise Truncated
        data = self._buffer[self._at : end]
        self._at = end
        return data

    def skip(self, count: int) -> None:
        """Pass over bytes without holding them. Raises Truncated."""
        buffered = len(self._buffer) - self._at
        if count <= buffered:
            self._at += count
            return
        count -= buffered
        self._drop()
        # Seeking does not tell the end of the file, so the last byte is read.
        if self._can_seek and count > _BLOCK:
            self._stream.seek(count - 1, 1)
            self._before += count - 1
            count = 1
        while count:
            data = self._stream.read(min(count, _BLOCK))
            if not data:
                raise Truncated
            self.budget.spend(len(data))
            self._before += len(data)
            count -= len(data)

    def line(self, limit: int) -> bytes | None:
        """Up to a line feed, which is left out; None when longer than `limit`. Raises Truncated."""
        parts: list[bytes] = []
        size = 0
        while True:
            end = self._buffer.find(b"\n", self._at)
            part = self._buffer[self._at : end if end >= 0 else len(self._buffer)]
            size += len(part)
            if size <= limit:
                parts.append(part)
            if end >= 0:
                self._at = end + 1
                return b"".join(parts) if size <= limit else None
            self._drop()
            if not self._fill():
                raise Truncated

    def read(self, size: int = -1, /) -> bytes:
        """As a file does, for decompressors."""
        if size < 0:
            size = 1 << 62
        if self._at == len(self._buffer):
            self._drop()
            data = self._stream.read(min(size, _BLOCK))
            self.budget.spend(len(data))
            self._before += len(data)
            return data
        data = self._buffer[self._at : self._at + size]
        self._at += len(data)
        return data

    def seekable(self) -> bool:
        return False

    @contextmanager
    def seekable_file(self) -> Iterator[IO[bytes]]:
        """The whole content as a file that can be read back and forth; only before anything was taken."""
        if self._rewindable:
            self._stream.seek(0)
            yield self._stream
            return
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
            shutil.copyfileobj(self, file, _BLOCK)
            file.seek(0)
            yield cast("IO[bytes]", file)

    def _fill(self) -> bool:
        data = self._stream.read(_BLOCK)
        self.budget.spend(len(data))
        self._before += self._at
        self._buffer = self._buffer[self._at :] + data
        self._at = 0
        return bool(data)

    def _drop(self) -> None:
        self._before += len(self._buffer)
        self._buffer = b""
        self._at = 0
