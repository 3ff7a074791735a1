"""Locked Debian packages, fetched by hash from the cache, mirrors and a snapshot archive."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

from tidegate.packages.download import Cache, Wanted, fetch_all
from tidegate.packages.sources import DEBIAN, SECURITY, Sources
from tidegate.project.lock import DebianPackage, file_digest
from tidegate.transport.http import Transport

# The root of an archive that keeps old versions, with `debian` and `debian-security` below it.
SNAPSHOT = "TIDEGATE_DEBIAN_SNAPSHOT"


def fetch(
    packages: Iterable[DebianPackage],
    find_sources: Callable[[], Sources],
    cache: Cache,
    transport: Transport,
    environ: Mapping[str, str],
) -> tuple[Path, ...]:
    """The packages as files, in order, downloaded side by side where the cache doesn't have them.

    `find_sources` is called only when something has to be downloaded.

    Raises LockError when one is nowhere any more, NetworkError, DigestMismatch.
    """
    packages = tuple(packages)
    paths = [cache.path(file_digest(package), posixpath.basename(package.path)) for package in packages]
    missing = [
        (package, path)
        for package, path in zip(packages, paths, strict=True)
        if not cache.has(file_digest(package), path.name, package.size)
    ]
    if missing:
        sources, snapshot = find_sources(), environ.get(SNAPSHOT, "")
        fetch_all([(_wanted(package, sources, snapshot), path) for package, path in missing], transport)
    return tuple(paths)


def addresses(package: DebianPackage, sources: Sources, snapshot: str) -> list[str]:
    """Where a package may be: its own archive, the other one, then the snapshot of both."""
    order = sorted((DEBIAN, SECURITY), key=lambda archive: archive != package.archive)
    roots = [sources.archives()[archive] for archive in order]
    roots += [f"{snapshot.rstrip('/')}/{archive}" for archive in order if snapshot]
    return [f"{root}/{quote(package.path, safe='/~')}" for root in roots]


def _wanted(package: DebianPackage, sources: Sources, snapshot: str) -> Wanted:
    return Wanted(
        f"Debian package {package.name} {package.version} ({package.architecture})",
        file_digest(package),
        package.size,
        addresses(package, sources, snapshot),
    )
