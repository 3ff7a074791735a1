"""A blob as a recipe: literal bytes and files where they lie, streamed on demand and never copied."""

from __future__ import annotations

import io
import os
from bisect import bisect_right
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO

import msgspec

from tidegate.errors import ContentError, SourceChanged
from tidegate.oci.ranges import FileRange

# Tar ends every file on a block boundary and the archive with two empty blocks.
TAR_BLOCK = 512
# Bytes below which a range of a file is not worth a system call of its own.
_SMALL = 64 << 10


class FileKey(msgspec.Struct, frozen=True, array_like=True):
    """What tells a file from a changed one without reading it. Times are in nanoseconds."""

    device: int
    inode: int
    size: int
    mtime: int
    ctime: int

    @classmethod
    def of(cls, status: os.stat_result) -> FileKey:
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


class Literal(msgspec.Struct, frozen=True, tag="bytes"):
    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)


class FilePart(msgspec.Struct, frozen=True, tag="file"):
    """A whole file, named by its absolute path."""

    path: str
    key: FileKey

    @property
    def size(self) -> int:
        return self.key.size

    @classmethod
    def of(cls, path: Path) -> FilePart:
        return cls(os.fspath(path.absolute()), FileKey.of(path.stat()))

    def open(self) -> BinaryIO:
        """Open the file, if it is still the one described. Raises SourceChanged with its path."""
        try:
            stream = open(self.path, "rb", buffering=0)  # noqa: SIM115 - the caller closes it
        except OSError as error:
            raise SourceChanged(f"{self.path}: {error.strerror}, but the image is made of it") from error
        try:
            self.check(stream)
        except SourceChanged:
            stream.close()
            raise
        return stream

    def check(self, stream: io.IOBase | BinaryIO) -> None:
        """Raises SourceChanged when the open file isn't the one described."""
        if FileKey.of(os.fstat(stream.fileno())) != self.key:
            raise SourceChanged(
                f"{self.path}: changed since the image was built from it",
                hint="let the program that writes it finish, then run the command again",
            )


Part = Literal | FilePart


class Recipe(msgspec.Struct, frozen=True):
    """The parts of a blob in order."""

    parts: tuple[Part, ...]

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(part.size for part in self.parts)

    @property
    def files(self) -> tuple[FilePart, ...]:
        return tuple(part for part in self.parts if isinstance(part, FilePart))

    def open(self, offset: int = 0) -> RecipeReader:
        reader = RecipeReader(self)
        reader.seek(offset)
        return reader

    def check(self) -> None:
        """Raises SourceChanged when a file is no longer the one described."""
        for part in self.files:
            part.open().close()

    def to_json(self) -> bytes:
        return msgspec.json.encode(self)

    @classmethod
    def from_json(cls, data: bytes, where: str) -> Recipe:
        """Raises ContentError that names `where`."""
        try:
            return msgspec.json.decode(data, type=cls)
        except msgspec.DecodeError as error:
            raise ContentError(f"{where}: {error}") from error


class RecipeReader(io.RawIOBase):
    """A seekable stream over a recipe. Each file is compared with its key when it is opened and when left."""

    def __init__(self, recipe: Recipe) -> None:
        self._parts = recipe.parts
        self._ends = list(accumulate(part.size for part in recipe.parts))
        self._size = self._ends[-1] if self._ends else 0
        self._position = 0
        self._index = -1
        self._file: BinaryIO | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._position >= self._size:
            self._leave()
            return 0
        index = bisect_right(self._ends, self._position)
        part = self._parts[index]
        start = self._position - (self._ends[index] - part.size)
        view = memoryview(buffer)[: part.size - start]
        if isinstance(part, Literal):
            view[:] = part.data[start : start + len(view)]
            count = len(view)
        else:
            count = self._read_file(index, part, start, view)
        self._position += count
        return count

    def take_range(self, limit: int) -> FileRange | None:
        """The next bytes where they lie in a large file (RangeSource). Raises SourceChanged."""
        if self._position >= self._size:
            return None
        index = bisect_right(self._ends, self._position)
        part = self._parts[index]
        size = min(limit, self._ends[index] - self._position)
        if not isinstance(part, FilePart) or size < _SMALL:
            return None
        start = self._position - (self._ends[index] - part.size)
        self._position += size
        return FileRange(self._enter(index, part), start, size)

    def _read_file(self, index: int, part: FilePart, start: int, view: memoryview) -> int:
        count = os.preadv(self._enter(index, part).fileno(), [view], start)
        if not count:
            raise SourceChanged(f"{part.path}: became shorter while it was read")
        return count

    def _enter(self, index: int, part: FilePart) -> BinaryIO:
        if index != self._index or self._file is None:
            self._leave()
            self._file, self._index = part.open(), index
        return self._file

    def _leave(self) -> None:
        if self._file is None:
            return
        part = self._parts[self._index]
        try:
            if isinstance(part, FilePart):
                part.check(self._file)
        finally:
            self._file.close()
            self._file = None

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        super().close()
