"""A registry's data folder: its marker, its lock and its repositories."""

from __future__ import annotations

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from tidegate.errors import ContentError, StorageError
from tidegate.oci.manifest import decode
from tidegate.oci.reference import REPOSITORY
from tidegate.registry.storage.disk import Disk, guarded
from tidegate.registry.storage.repository import StoredRepository
from tidegate.registry.storage.uploads import Uploads

_FORMAT = 1
_MARKER = "registry.json"
_MAX_NAME = 255


class Marker(msgspec.Struct, frozen=True):
    """What a data folder says of itself; `id` is random, to tell registries apart."""

    format: int
    id: str


class Storage:
    """A data folder, made when it isn't there."""

    def __init__(self, root: Path, marker: Marker) -> None:
        self.root = root
        self.id = marker.id
        self.disk = Disk(root)
        self.uploads = Uploads(self.disk)

    @classmethod
    def open(cls, root: Path) -> Storage:
        """Raises StorageError when it can't be made or written to, ContentError when it is something else."""
        with guarded(root):
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            root = root.resolve()
            path = root / _MARKER
            if not path.exists():
                if any(entry.name != "tmp" for entry in root.iterdir()):
                    raise ContentError(
                        f"{root}: not a registry's data folder, and not empty", hint="name another --data"
                    )
                Disk(root).write(path, msgspec.json.encode(Marker(_FORMAT, uuid.uuid4().hex)))
        marker = read_marker(root)
        if marker is None:
            raise StorageError(f"{path}: gone again")
        if marker.format != _FORMAT:
            raise ContentError(f"{path}: format {marker.format}", hint="a newer Tidegate wrote it: use that one")
        if not os.access(root, os.W_OK):
            raise StorageError(f"{root}: not writable", hint="run as the user that owns it, or name another --data")
        return cls(root, marker)

    def repository(self, name: str) -> StoredRepository:
        """A repository, there or not. Raises ContentError when the name isn't one."""
        if len(name) > _MAX_NAME or not REPOSITORY.fullmatch(name):
            raise ContentError(
                f"not a repository name: {name[:100]!r}", hint="lower-case letters and digits, separated by . _ - or /"
            )
        return StoredRepository(self.disk, name, self.root / "repositories" / name)

    def repositories(self) -> list[str]:
        """The names of those that hold something, sorted."""
        return sorted(str(path) for path in self._folders() if (self._top / path / "_manifests").is_dir())

    def forget_leftovers(self, before: float) -> None:
        """Remove uploads and temporary files last written before a time, in seconds since the epoch."""
        self.disk.forget_scratch(before)
        for path in self._folders():
            self.uploads.forget(self._top / path, before)

    @contextmanager
    def served(self) -> Iterator[None]:
        """Holds the folder for one server. Raises StorageError when another one has it."""
        with guarded(self.root):
            marker = open(self.root / _MARKER, "rb")  # noqa: SIM115 - closed below, after the yield
        with marker:
            try:
                fcntl.flock(marker, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StorageError(
                    f"{self.root}: another registry is serving this folder",
                    hint="stop that one, or name another --data",
                ) from None
            yield

    @property
    def _top(self) -> Path:
        return self.root / "repositories"

    def _folders(self) -> Iterator[Path]:
        for path, folders, _ in os.walk(self._top):
            folders[:] = [name for name in folders if not name.startswith("_")]
            yield Path(path).relative_to(self._top)


def read_marker(root: Path) -> Marker | None:
    """What a data folder says of itself, or None when it is none. Raises ContentError, StorageError."""
    path = root / _MARKER
    with guarded(path):
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
    return decode(data, Marker, str(path))
