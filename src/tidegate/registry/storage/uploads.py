"""Uploads: a file each that grows, hashed while it is received, so that closing one is quick at any size."""

from __future__ import annotations

import hashlib
import os
import re
import threading
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import IO, TYPE_CHECKING

from tidegate.errors import DigestMismatch, NotFoundError, OutsideError
from tidegate.oci.digest import BLOCK, Digest
from tidegate.registry.storage.blobs import Blobs
from tidegate.registry.storage.disk import Disk, guarded
from tidegate.registry.storage.flush import Flusher

if TYPE_CHECKING:
    from hashlib import _Hash

_NAME = re.compile(r"[0-9a-f]{32}")


class UploadBusy(OutsideError):
    """Another request is writing to the same upload."""


class Uploads:
    """What all uploads of a registry share: which are being written to, and how far each is hashed.

    The hashes live in memory: after a restart an upload's first part is hashed again, once.
    """

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._lock = threading.Lock()
        self._busy: set[Path] = set()
        self._hashes: dict[Path, _Hash] = {}

    def start(self, repository: Path, algorithm: str = "sha256") -> str:
        """A new, empty upload's name. Raises StorageError."""
        name = uuid.uuid4().hex
        path = self._path(repository, name)
        self._disk.folder(path.parent)
        with guarded(path):
            path.touch(mode=0o600, exist_ok=False)
        self._hashes[path] = hashlib.new(algorithm)
        return name

    def size(self, repository: Path, name: str) -> int:
        """Bytes received so far. Raises NotFoundError."""
        try:
            return self._path(repository, name).stat().st_size
        except FileNotFoundError:
            raise _unknown(name) from None

    def cancel(self, repository: Path, name: str) -> None:
        """Raises NotFoundError, StorageError."""
        path = self._path(repository, name)
        self._hashes.pop(path, None)
        with guarded(path):
            try:
                path.unlink()
            except FileNotFoundError:
                raise _unknown(name) from None

    def open(self, repository: Path, name: str) -> Upload:
        """The upload, to be written to by nobody else until it is closed. Raises NotFoundError, UploadBusy."""
        path = self._path(repository, name)
        with self._lock:
            if path in self._busy:
                raise UploadBusy(f"upload {name}: another request is writing to it", hint="wait until it has ended")
            try:
                with guarded(path):
                    file = open(path, "r+b", buffering=0)  # noqa: SIM115 - Upload.close does
            except OutsideError as error:
                if isinstance(error.__cause__, FileNotFoundError):
                    raise _unknown(name) from None
                raise
            self._busy.add(path)
            return Upload(self, path, file, self._hashes.get(path))

    def release(self, path: Path, state: _Hash | None) -> None:
        """Called by an upload that is closed, with what is hashed of it when it is to be continued."""
        with self._lock:
            self._busy.discard(path)
            if state is None:
                self._hashes.pop(path, None)
            else:
                self._hashes[path] = state

    def forget(self, repository: Path, before: float) -> None:
        """Cancel what was last written to before a time, in seconds since the epoch."""
        for path in (repository / "_uploads").glob("*"):
            with guarded(path), self._lock:
                if path not in self._busy and path.stat().st_mtime < before:
                    path.unlink(missing_ok=True)
                    self._hashes.pop(path, None)

    def _path(self, repository: Path, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise _unknown(name)
        return repository / "_uploads" / name


class Upload:
    """One upload while a request writes to it. Its methods may be called from any thread, one after another."""

    def __init__(self, uploads: Uploads, path: Path, file: IO[bytes], state: _Hash | None) -> None:
        self._uploads = uploads
        self._path = path
        self._file = file
        self._state = state
        self._lock = threading.Lock()
        self._flusher = Flusher(file.fileno())
        self._gone = False
        self.size = file.seek(0, os.SEEK_END)

    def write(self, pieces: Iterable[bytes]) -> None:
        """Append, and hash. After StorageError the upload ends where it ended before."""
        with self._lock, guarded(self._path):
            state = self._hashed("sha256")
            try:
                for piece in pieces:
                    _write_all(self._file, piece)
                    state.update(piece)
                    self.size += len(piece)
            except OSError:
                self._file.truncate(self.size)
                self._file.seek(self.size)
                raise
            self._flusher.wrote(self.size)

    def expect(self, algorithm: str) -> None:
        """Hash by another algorithm from the start, when nothing has been received yet."""
        if not self.size and (self._state is None or self._state.name != algorithm):
            self._state = hashlib.new(algorithm)

    def finish(self, digest: Digest, blobs: Blobs) -> None:
        """Make the upload a blob, durable when this returns. The upload is gone then, whatever happens.

        Raises DigestMismatch, StorageError.
        """
        with self._lock:
            self._gone = True
            arrived = Digest.finish(self._hashed(digest.algorithm, exactly=True))
            if arrived != digest:
                raise DigestMismatch(f"{self.size} bytes arrived with digest {arrived}, not {digest}")
            with guarded(self._path):
                self._flusher.settle()
            blobs.adopt(self._file, digest)

    def close(self) -> None:
        """Let other requests go on with it."""
        with self._lock, guarded(self._path):
            try:
                self._flusher.settle()
            except OSError:
                self._gone = True
                raise
            finally:
                self._file.close()
                if self._gone:
                    self._path.unlink(missing_ok=True)
                self._uploads.release(self._path, None if self._gone else self._state)

    def _hashed(self, algorithm: str, *, exactly: bool = False) -> _Hash:
        if self._state is None or (exactly and self._state.name != algorithm):
            self._state = self._hash_again(algorithm)
        return self._state

    def _hash_again(self, algorithm: str) -> _Hash:
        state = hashlib.new(algorithm)
        buffer = memoryview(bytearray(BLOCK))
        position = 0
        with guarded(self._path):
            while count := os.preadv(self._file.fileno(), [buffer], position):
                state.update(buffer[:count])
                position += count
        return state


def _write_all(file: IO[bytes], data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def _unknown(name: str) -> NotFoundError:
    return NotFoundError(
        f"there is no upload {name[:50]!r}", hint="it was closed or cancelled, or is too old: start again"
    )
