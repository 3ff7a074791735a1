"""Referrers: for each subject a folder with a descriptor for each manifest that names it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tidegate.errors import ContentError
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.digest import Digest
from tidegate.oci.manifest import decode, encode
from tidegate.registry.storage.disk import Disk, names


class Referrers:
    """One repository's index of subjects, kept when manifests come and go."""

    def __init__(self, disk: Disk, repository: Path) -> None:
        self._disk = disk
        self._folder = repository / "_referrers"

    def add(self, subject: Digest, referrer: Descriptor) -> None:
        """Raises StorageError."""
        self._disk.write(self._path(subject, referrer.digest), encode(referrer))

    def remove(self, subject: Digest, referrer: Digest) -> None:
        """Raises StorageError."""
        self._disk.remove(self._path(subject, referrer))

    def of(self, subject: Digest) -> Iterator[Descriptor]:
        """Sorted by digest; one cut short is left out."""
        folder = self._subject(subject)
        for name in names(folder):
            try:
                yield decode((folder / name).read_bytes(), Descriptor, str(folder / name))
            except (FileNotFoundError, ContentError):
                continue

    def _subject(self, subject: Digest) -> Path:
        return self._folder / subject.algorithm / subject.hex

    def _path(self, subject: Digest, referrer: Digest) -> Path:
        return self._subject(subject) / referrer.replace(":", "-")
