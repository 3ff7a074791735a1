"""Which other repositories of a registry may hold a blob already, so that it can be mounted instead of sent."""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec

from tidegate.errors import StorageError
from tidegate.oci.layout import replacing
from tidegate.oci.reference import Reference

# Asked one after the other for each blob that is missing.
_MOST = 4


class Neighbours:
    """The repositories used last on each registry, in a file that may be deleted at any time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def of(self, reference: Reference) -> tuple[str, ...]:
        """The other repositories of the same registry, the last one first."""
        names = self._read().get(reference.registry, [])
        return tuple(name for name in names if name != reference.repository)[:_MOST]

    def add(self, reference: Reference) -> None:
        """Remember a repository that is being used. A folder that can't be written to is no failure."""
        known = self._read()
        names = known.get(reference.registry, [])
        if names[:1] == [reference.repository]:
            return
        others = [name for name in names if name != reference.repository]
        known[reference.registry] = [reference.repository, *others][: _MOST + 1]
        with contextlib.suppress(OSError, StorageError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(self._path) as stream:
                stream.write(msgspec.json.encode(known))

    def _read(self) -> dict[str, list[str]]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, list[str]])
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return {}
