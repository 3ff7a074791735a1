"""Where Tidegate keeps what it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Home:
    """Two folders: data that matters, and a cache that may be deleted at any time."""

    data: Path
    cache: Path

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Home:
        """`$TIDEGATE_HOME`, else the XDG base directories (`$XDG_DATA_HOME`, `$XDG_CACHE_HOME`)."""
        if chosen := environ.get("TIDEGATE_HOME"):
            path = Path(chosen).absolute()
            return cls(path, path / "cache")
        user = Path(environ.get("HOME") or "~").expanduser()
        data = environ.get("XDG_DATA_HOME") or user / ".local" / "share"
        cache = environ.get("XDG_CACHE_HOME") or user / ".cache"
        return cls(Path(data).absolute() / "tidegate", Path(cache).absolute() / "tidegate")

    @property
    def store(self) -> Path:
        """Built images."""
        return self.data / "store"

    @property
    def advisories(self) -> Path:
        """Vulnerability data."""
        return self.data / "advisories"

    @property
    def registry(self) -> Path:
        """The embedded registry's data."""
        return self.data / "registry"

    @property
    def roots(self) -> Path:
        """Unpacked images, to run them."""
        return self.cache / "roots"

    @property
    def neighbours(self) -> Path:
        """The repositories that were used on each registry."""
        return self.cache / "repositories.json"
