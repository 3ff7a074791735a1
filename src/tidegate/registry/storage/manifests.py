"""Manifests, verbatim: a file each, its first line the media type and the rest the bytes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tidegate.oci.digest import Digest
from tidegate.oci.store import Document
from tidegate.registry.storage.disk import Disk, names


class Manifests:
    """One repository's manifests and indexes by digest."""

    def __init__(self, disk: Disk, repository: Path) -> None:
        self._disk = disk
        self._folder = repository / "_manifests"

    def get(self, digest: Digest) -> Document | None:
        """The manifest; None when it isn't there, or not with these bytes."""
        try:
            stored = self._path(digest).read_bytes()
        except FileNotFoundError:
            return None
        media_type, _, data = stored.partition(b"\n")
        if Digest.of(data, digest.algorithm) != digest:
            return None
        return Document(data, media_type.decode("ascii"), digest)

    def put(self, document: Document) -> None:
        """Raises StorageError."""
        self._disk.write(self._path(document.digest), document.media_type.encode("ascii") + b"\n" + document.data)

    def remove(self, digest: Digest) -> bool:
        """Whether it was there."""
        return self._disk.remove(self._path(digest))

    def digests(self) -> Iterator[Digest]:
        """All, in no order."""
        for algorithm in ("sha256", "sha512"):
            yield from (Digest(f"{algorithm}:{name}") for name in names(self._folder / algorithm))

    def _path(self, digest: Digest) -> Path:
        return self._folder / digest.algorithm / digest.hex
