"""Bodies on their way: out of a source in full blocks, and in again where a connection broke."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from tidegate.errors import DigestMismatch, NetworkError, StorageError
from tidegate.oci.digest import BLOCK
from tidegate.oci.ranges import FileRange, take_range
from tidegate.oci.store import Readable, Source

# Bytes that the kernel is asked to send at a time: what progress is told in.
_RANGE = 4 << 20


@dataclass(frozen=True, slots=True)
class Stream:
    """A request body of known size in bytes that can be opened again for each try."""

    size: int
    open: Source


def blocks(stream: Readable, size: int, *, ranges: bool = False) -> Iterator[memoryview | FileRange]:
    """Exactly `size` bytes in blocks of 1 MiB, each valid until the next; with `ranges` as parts of files too.

    Raises DigestMismatch when the stream is shorter or longer, StorageError when it can't be read.
    """
    buffer = memoryview(bytearray(min(BLOCK, size)))
    part = None
    sent = 0
    while sent < size:
        part = take_range(stream, min(_RANGE, size - sent)) if ranges else None
        if part is not None:
            sent += part.size
            yield part
            continue
        block = buffer[: min(BLOCK, size - sent)]
        filled = _fill(stream, block)
        sent += filled
        if filled < len(block):
            raise DigestMismatch(f"the content ended after {sent} bytes, {size} were promised")
        if sent < size:
            yield block
    if _fill(stream, memoryview(bytearray(1))):
        raise DigestMismatch(f"the content has more than the {size} bytes that were promised")
    if size and part is None:
        yield block


def _fill(stream: Readable, block: memoryview) -> int:
    filled = 0
    try:
        while filled < len(block) and (count := stream.readinto(block[filled:])):
            filled += count
    except OSError as error:
        raise StorageError(f"the content can't be read: {error.strerror or error}") from error
    return filled


class Incoming(Protocol):
    """A body that can break off."""

    def readinto(self, buffer: memoryview, /) -> int: ...
    def close(self) -> None: ...


class ResumingReader(io.RawIOBase):
    """A download that asks again from where it broke off.

    `reopen` gives the body from an offset; `pause` waits before attempt n + 1, or says False when
    there were enough. Attempts are counted anew whenever bytes come.
    """

    def __init__(self, reopen: Callable[[int], Incoming], pause: Callable[[int], bool], offset: int = 0) -> None:
        self._reopen = reopen
        self._pause = pause
        self._position = offset
        self._failures = 0
        self._body: Incoming | None = reopen(offset)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """The next bytes into the buffer; 0 at the end. Raises NetworkError."""
        while True:
            try:
                if self._body is None:
                    self._body = self._reopen(self._position)
                count = self._body.readinto(memoryview(buffer))
            except NetworkError:
                self._drop()
                if not self._pause(self._failures):
                    raise
                self._failures += 1
            else:
                self._position += count
                self._failures = 0
                return count

    def _drop(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None

    def close(self) -> None:
        self._drop()
        super().close()
