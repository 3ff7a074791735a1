"""Durable files: what one of these calls has written survives a power loss once the call returns."""

from __future__ import annotations

import errno
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tidegate.errors import StorageError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class Disk:
    """The folder of one registry. Every file is written elsewhere in it, synced, and only then named."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._scratch = root / "tmp"
        self._durable: set[Path] = {root}
        self._lock = threading.Lock()

    def write(self, target: Path, data: bytes) -> None:
        """Put a small file in place of what was there. Raises StorageError."""
        with self.scratch() as stream:
            stream.write(data)
            stream.flush()
            self.publish(stream, target)

    @contextmanager
    def scratch(self) -> Iterator[IO[bytes]]:
        """A file to fill and `publish`; gone afterwards when it wasn't published. Raises StorageError."""
        with guarded(self._scratch):
            self.folder(self._scratch)
            with tempfile.NamedTemporaryFile(dir=self._scratch, delete=False) as stream:
                try:
                    yield stream.file
                finally:
                    Path(stream.name).unlink(missing_ok=True)

    def publish(self, stream: IO[bytes], target: Path) -> None:
        """Sync an open, flushed file below the root and give it its name. Raises StorageError."""
        with guarded(target):
            os.fsync(stream.fileno())
            self.folder(target.parent)
            Path(stream.name).replace(target)
            sync_folder(target.parent)

    def remove(self, path: Path) -> bool:
        """Remove a file for good; whether it was there. Raises StorageError."""
        with guarded(path):
            try:
                path.unlink()
            except FileNotFoundError:
                return False
            sync_folder(path.parent)
            return True

    def folder(self, path: Path) -> None:
        """Make a folder below the root, its parents too, and sync their names. Raises StorageError."""
        with guarded(path), self._lock:
            missing = []
            while path not in self._durable or not path.is_dir():
                missing.append(path)
                path = path.parent
            for each in reversed(missing):
                each.mkdir(mode=0o700, exist_ok=True)
                sync_folder(each.parent)
                self._durable.add(each)

    def forget_scratch(self, before: float) -> None:
        """Remove temporary files last written before a time, in seconds since the epoch."""
        for path in self._scratch.glob("*"):
            with guarded(path):
                if path.stat().st_mtime < before:
                    path.unlink(missing_ok=True)


def names(folder: Path) -> list[str]:
    """The names in a folder, sorted; none when there is no folder. Raises StorageError."""
    with guarded(folder):
        try:
            return sorted(path.name for path in folder.iterdir())
        except FileNotFoundError:
            return []


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def guarded(where: Path) -> Iterator[None]:
    """Turns the operating system's errors into StorageError that names the path."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"{error.filename or where}: {error.strerror}", hint="free some space or check the folder's rights"
        ) from error


def is_full(error: StorageError) -> bool:
    """Whether it was for want of space."""
    return isinstance(error.__cause__, OSError) and error.__cause__.errno in _FULL
