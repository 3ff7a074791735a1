"""Reading pylock.toml (PEP 751): which wheels a target needs."""

from __future__ import annotations

import posixpath
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from tidegate.errors import ConfigError, LockError
from tidegate.packages.target import Target


class Artifact(msgspec.Struct, frozen=True):
    """A wheel: where it is, and its hashes by algorithm."""

    url: str = ""
    name: str = ""
    size: int | None = None
    hashes: dict[str, str] = {}

    @property
    def file(self) -> str:
        """The file name."""
        return self.name or unquote(posixpath.basename(urlsplit(self.url).path))


class Locked(msgspec.Struct, frozen=True):
    """One entry of `packages`."""

    name: str
    version: str = ""
    marker: str = ""
    index: str = ""
    wheels: tuple[Artifact, ...] = ()
    vcs: dict[str, Any] | None = None
    directory: dict[str, Any] | None = None
    archive: dict[str, Any] | None = None


class Pylock(msgspec.Struct, frozen=True):
    """The parts of the file that matter here."""

    lock_version: str = msgspec.field(name="lock-version")
    requires_python: str = msgspec.field(name="requires-python", default="")
    packages: tuple[Locked, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """The wheel that a target takes of a package. `index` is the address it came from, where the file says so."""

    name: str
    version: str
    wheel: Artifact
    index: str = ""


def parse(data: bytes, where: str) -> Pylock:
    """Raises ConfigError that names `where`."""
    try:
        found = msgspec.convert(tomllib.loads(data.decode()), Pylock)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{where}: not a readable pylock.toml: {error}") from error
    if not found.lock_version.startswith("1."):
        raise ConfigError(f"{where}: lock-version {found.lock_version} is not one that this version knows")
    return found


def choose(pylock: Pylock, target: Target, where: str) -> tuple[Choice, ...]:
    """The wheels for a target, sorted by name.

    Raises ConfigError for another Python, a package that doesn't come from an index and a broken marker,
    LockError for one that has no wheel for the target.
    """
    _check_python(pylock.requires_python, target, where)
    environment, tags = target.markers(), target.tags()
    ranks = {tag: rank for rank, tag in reversed(list(enumerate(tags)))}
    needed = [package for package in pylock.packages if _applies(package, environment, where)]
    _check_once(needed, where)
    return tuple(sorted((_choose(package, target, ranks, where) for package in needed), key=lambda c: c.name))


def best(wheels: Sequence[Artifact], ranks: Mapping[Tag, int]) -> Artifact | None:
    """The wheel with the best tag, the highest build number among equals, or None when none fits."""
    ranked = [(rank, wheel) for wheel in wheels if (rank := _rank(wheel.file, ranks)) is not None]
    return min(ranked, key=lambda pair: pair[0])[1] if ranked else None


def _choose(package: Locked, target: Target, ranks: Mapping[Tag, int], where: str) -> Choice:
    kind = next((kind for kind in ("vcs", "directory", "archive") if getattr(package, kind)), None)
    if kind is not None:
        raise ConfigError(
            f"{where}: {package.name} comes from a {'git repository' if kind == 'vcs' else kind}, not from an index",
            hint="build a wheel of it and put that on an index, or copy its code into the model's folder",
        )
    wheel = best(package.wheels, ranks)
    if wheel is None:
        raise no_wheel(f"{package.name} {package.version}", target)
    return Choice(canonicalize_name(package.name), package.version, wheel, package.index)


def no_wheel(package: str, target: Target) -> LockError:
    """The error for a package that can't be had without building it."""
    return LockError(
        f"{package}: there is no wheel for Python {target.python} on {target.platform} (glibc 2.{target.glibc})",
        hint="pin a version that has one, build one and put it on an index, or leave the platform out",
    )


def _check_python(requires: str, target: Target, where: str) -> None:
    try:
        specifiers = SpecifierSet(requires)
    except InvalidSpecifier as error:
        raise ConfigError(f"{where}: requires-python: {error}") from error
    # The patch level isn't known; one that fits is enough.
    if not any(specifiers.contains(f"{target.python}.{patch}") for patch in (0, 99)):
        raise ConfigError(
            f"{where}: it is for Python {requires}, the image has {target.python}",
            hint="choose a base with that Python, or lock the requirements for the image's",
        )


def _applies(package: Locked, environment: Mapping[str, str], where: str) -> bool:
    if not package.marker:
        return True
    try:
        return Marker(package.marker).evaluate({**environment, "extras": set(), "dependency_groups": set()})
    except (InvalidMarker, UndefinedComparison, UndefinedEnvironmentName) as error:
        raise ConfigError(f"{where}: {package.name}: {error}") from error


def _check_once(packages: Sequence[Locked], where: str) -> None:
    seen: set[str] = set()
    for package in packages:
        if package.name in seen:
            raise ConfigError(f"{where}: {package.name} is in it twice for the same platform")
        seen.add(package.name)


def _rank(file: str, ranks: Mapping[Tag, int]) -> tuple[int, int, str] | None:
    try:
        _, _, build, tags = parse_wheel_filename(file)
    except InvalidWheelFilename:
        return None
    fitting = [ranks[tag] for tag in tags if tag in ranks]
    return (min(fitting), -build[0] if build else 0, file) if fitting else None
