"""Blobs: one copy for all repositories, and in each repository a link for those that it may read."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from tidegate.oci.digest import Digest
from tidegate.registry.storage.disk import Disk


class Blobs:
    """A repository's blobs. A link holds the size in bytes: a blob cut short is as good as none."""

    def __init__(self, disk: Disk, repository: Path) -> None:
        self._disk = disk
        self._links = repository / "_blobs"

    def path(self, digest: Digest) -> Path:
        """Where the bytes lie, or would."""
        return self._disk.root / "blobs" / digest.algorithm / digest.hex[:2] / digest.hex

    def size(self, digest: Digest) -> int | None:
        """The size in bytes of a blob that this repository has whole, or None."""
        try:
            linked = int(self._link(digest).read_bytes() or b"-1")
            return linked if self.path(digest).stat().st_size == linked else None
        except (FileNotFoundError, ValueError):
            return None

    def adopt(self, stream: IO[bytes], digest: Digest) -> None:
        """Take over an open file below the root whose bytes were verified. Raises StorageError."""
        size = stream.seek(0, 2)
        self._disk.publish(stream, self.path(digest))
        self._disk.write(self._link(digest), b"%d" % size)

    def mount(self, digest: Digest, source: Blobs) -> bool:
        """Link a blob of another repository; False when that one hasn't got it. Raises StorageError."""
        size = source.size(digest)
        if size is None:
            return False
        self._disk.write(self._link(digest), b"%d" % size)
        return True

    def remove(self, digest: Digest) -> bool:
        """Remove it from this repository; whether it was there. The bytes stay for the others."""
        return self._disk.remove(self._link(digest))

    def _link(self, digest: Digest) -> Path:
        return self._links / digest.algorithm / digest.hex
