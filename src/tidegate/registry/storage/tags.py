"""Tags: a file each that holds a digest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tidegate.errors import ContentError
from tidegate.oci.digest import Digest
from tidegate.oci.reference import TAG
from tidegate.registry.storage.disk import Disk, names


class Tags:
    """One repository's tags. Every name is checked before it becomes a path: ContentError when it is none."""

    def __init__(self, disk: Disk, repository: Path) -> None:
        self._disk = disk
        self._folder = repository / "_tags"

    def get(self, tag: str) -> Digest | None:
        path = self._path(tag)
        try:
            return Digest(path.read_text("ascii"))
        except (FileNotFoundError, ContentError, UnicodeDecodeError):
            return None

    def point(self, tag: str, digest: Digest) -> None:
        """Make the tag name this digest. Raises StorageError."""
        self._disk.write(self._path(tag), digest.encode("ascii"))

    def remove(self, tag: str) -> bool:
        """Whether it was there."""
        return self._disk.remove(self._path(tag))

    def names(self) -> Sequence[str]:
        """All, sorted by code point."""
        return names(self._folder)

    def of(self, digest: Digest) -> Sequence[str]:
        """The tags that name a digest."""
        return [name for name in self.names() if self.get(name) == digest]

    def _path(self, tag: str) -> Path:
        if not TAG.fullmatch(tag):
            raise ContentError(
                f"not a tag: {tag[:150]!r}", hint="letters, digits, and after the first _ . -, 128 at most"
            )
        return self._folder / tag
