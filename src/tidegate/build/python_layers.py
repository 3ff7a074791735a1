"""Python packages as layers: large wheels in one each, so that they are pushed once for all models."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import cache as once
from pathlib import Path

from tidegate.build import tar
from tidegate.build.compression import store_layer
from tidegate.build.image import NewLayer
from tidegate.build.layer_cache import LayerCache
from tidegate.build.python import Python
from tidegate.build.sources import FetchPython
from tidegate.oci.image import Layer
from tidegate.packages import wheel
from tidegate.packages.target import Target
from tidegate.packages.wheel import Wheel
from tidegate.project.lock import PythonPackage

# A wheel of at least this many bytes gets a layer of its own, up to so many of them, the largest first.
LARGE = 20_000_000
MOST_LARGE = 12


def make(
    packages: Sequence[PythonPackage], python: Python, target: Target, fetch: FetchPython, cache: LayerCache
) -> list[NewLayer]:
    """The layers of all packages. Wheels are fetched only when a layer has to be made.

    Raises ContentError for a broken wheel, one for another platform, and files that collide.
    """

    @once
    def wheels() -> dict[str, Wheel]:
        return _load(packages, fetch(packages, python.version), python, target)

    return [_layer(group, wheels, python, cache) for group in groups(packages)]


def groups(packages: Sequence[PythonPackage]) -> list[tuple[PythonPackage, ...]]:
    """Which packages share a layer; the small ones come last, as they change the most."""
    by_size = sorted(packages, key=lambda package: (-package.size, package.name))
    large = {package for package in by_size[:MOST_LARGE] if package.size >= LARGE}
    by_name = sorted(packages, key=lambda package: package.name)
    small = tuple(package for package in by_name if package not in large)
    return [(package,) for package in by_name if package in large] + ([small] if small else [])


def _load(packages: Sequence[PythonPackage], paths: Sequence[Path], python: Python, target: Target) -> dict[str, Wheel]:
    tags = target.tags()
    loaded = [wheel.load(path, python.paths, tags) for path in paths]
    wheel.check_collisions(loaded)
    return {package.file: one for package, one in zip(packages, loaded, strict=True)}


def _layer(
    group: Sequence[PythonPackage], wheels: Callable[[], dict[str, Wheel]], python: Python, cache: LayerCache
) -> NewLayer:
    reason = _reason(group)

    def make_layer() -> Layer:
        return store_layer(cache.store, tar.with_parents(_files(group, wheels), tar.nothing), reason)

    return cache.get(("python", asdict(python), *group), reason, make_layer)


def _files(group: Sequence[PythonPackage], wheels: Callable[[], dict[str, Wheel]]) -> Iterator[tar.Content]:
    seen: set[str] = set()
    for package in group:
        for entry, content in wheel.entries(wheels()[package.file]):
            # Two wheels may ship one file with the same content.
            if entry.path not in seen:
                seen.add(entry.path)
                yield entry, content


def _reason(group: Sequence[PythonPackage]) -> str:
    if len(group) == 1:
        return f"python {group[0].name} {group[0].version}"
    return f"python packages ({len(group)})"
