"""Resolving what a model is built of to digests."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tidegate.build import inputs, python, weight_layers
from tidegate.build.base import bases, layout, registry
from tidegate.build.builder import MAX_WEIGHTS, hash_weights
from tidegate.build.filesystem import Filesystem
from tidegate.build.workspace import Workspace
from tidegate.errors import ConfigError, LockError
from tidegate.oci.descriptor import Platform
from tidegate.packages.apt import PYTHON_PACKAGES
from tidegate.packages.target import Target
from tidegate.project.config import Build, Config
from tidegate.project.lock import (
    GZIP_FORMAT,
    LOCK_NAME,
    DebianPackage,
    Lock,
    LockedBase,
    LockedPlatform,
    LockedWeights,
    PythonPackage,
)

_INTERPRETER = re.compile(r"python(3\.[0-9]+)-minimal|libpython(3\.[0-9]+)-stdlib")


class ResolveDebian(Protocol):
    """The packages of these names and all that they need, for a platform (`packages.apt.resolve`)."""

    def __call__(self, names: Sequence[str], platform: Platform, /) -> tuple[DebianPackage, ...]: ...


class ResolvePython(Protocol):
    """The wheels that a requirement file asks for (`packages.python.PythonPackages.resolve`)."""

    def __call__(
        self, requirements: Path, target: Target, /, *, previous: Sequence[PythonPackage] = (), upgrade: bool = False
    ) -> tuple[PythonPackage, ...]: ...


@dataclass(frozen=True, slots=True)
class Resolvers:
    """The package managers."""

    debian: ResolveDebian
    python: ResolvePython


def resolve(
    config: Config,
    folder: Path,
    resolvers: Resolvers,
    space: Workspace,
    *,
    previous: Lock | None = None,
    upgrade: bool = False,
) -> Lock:
    """A lock for the configuration as it is now.

    Pins of `previous` are kept where they still fit, unless `upgrade`; weights are always looked at anew.
    Raises ConfigError, LockError, NetworkError, RegistryError, NotFoundError.
    """
    digest = inputs.digest(config, inputs.read(config, folder))
    kept = None if upgrade else previous
    weights = _weights(config, folder, space)
    if kept is not None and kept.inputs == digest:
        return _lock(digest, kept.base, kept.platforms, weights)
    base = _base(config.build, folder, space, kept)
    locked = [
        _platform(_Resolution(config.build, folder, base, Platform.parse(name), _same(kept, name)), resolvers, space)
        for name in config.build.platforms
    ]
    pythons = {version for version, _ in locked if version}
    return _lock(
        digest,
        LockedBase(kind=base.kind, reference=base.reference, digest=base.digest, python=max(pythons, default="")),
        tuple(platform for _, platform in locked),
        weights,
    )


def is_stale(lock: Lock, config: Config, folder: Path) -> bool:
    """Whether something that the lock was resolved from has changed. Weights are compared when they are built."""
    return lock.inputs != inputs.digest(config, inputs.read(config, folder))


def require_fresh(lock: Lock | None, config: Config, folder: Path) -> Lock:
    """Raises LockError when there is no lock, or a stale one."""
    if lock is None:
        raise LockError(f"{folder / LOCK_NAME}: there is none", hint="run: tidegate lock")
    if is_stale(lock, config, folder):
        raise LockError(
            f"{folder / LOCK_NAME}: the base, requirements, indexes, platforms or weights of tidegate.yaml changed "
            "since it was written",
            hint="run: tidegate lock",
        )
    return lock


def _lock(
    digest: str, base: LockedBase, platforms: tuple[LockedPlatform, ...], weights: tuple[LockedWeights, ...]
) -> Lock:
    return Lock(version=1, inputs=digest, compression=GZIP_FORMAT, base=base, platforms=platforms, weights=weights)


def _same(kept: Lock | None, platform: str) -> LockedPlatform | None:
    return next((locked for locked in kept.platforms if locked.platform == platform), None) if kept else None


def _base(build: Build, folder: Path, space: Workspace, kept: Lock | None) -> LockedBase:
    file = build.dockerfile or build.base.dockerfile
    if file is not None:
        return LockedBase(kind="dockerfile", reference=file)
    if build.base.debian is not None:
        return LockedBase(kind="debian", reference=build.base.debian)
    if build.base.layout is not None:
        return LockedBase(
            kind="layout", reference=build.base.layout, digest=str(layout.resolve(folder / build.base.layout))
        )
    reference = build.base.image or ""
    if kept is not None and (kept.base.kind, kept.base.reference) == ("image", reference) and kept.base.digest:
        return LockedBase(kind="image", reference=reference, digest=kept.base.digest)
    return LockedBase(
        kind="image", reference=reference, digest=str(registry.resolve(reference, space.sources.repository))
    )


@dataclass(frozen=True, slots=True)
class _Resolution:
    """One platform's part of a resolution."""

    build: Build
    folder: Path
    base: LockedBase
    platform: Platform
    kept: LockedPlatform | None


def _platform(wanted: _Resolution, resolvers: Resolvers, space: Workspace) -> tuple[str, LockedPlatform]:
    """The Python version of the base, and the packages."""
    debian: tuple[DebianPackage, ...] = ()
    if wanted.base.kind == "debian":
        debian = resolvers.debian((*PYTHON_PACKAGES, *wanted.build.system_packages), wanted.platform)
        version = _debian_python(debian)
        _check_python(wanted.build, version)
    else:
        version = _python_of_base(wanted, space)
    packages = _packages(wanted, version, resolvers)
    return version, LockedPlatform(platform=str(wanted.platform), debian=debian, python=packages)


def _packages(wanted: _Resolution, version: str, resolvers: Resolvers) -> tuple[PythonPackage, ...]:
    if wanted.build.requirements is None or wanted.build.dockerfile is not None:
        return ()
    if not version:
        raise ConfigError("build.requirements: the base has no python3 on its PATH", hint="use a base with Python 3")
    target = python.target(wanted.base, version, wanted.platform)
    previous = wanted.kept.python if wanted.kept else ()
    return resolvers.python(
        wanted.folder / wanted.build.requirements, target, previous=previous, upgrade=wanted.kept is None
    )


def _debian_python(packages: Sequence[DebianPackage]) -> str:
    matches = (_INTERPRETER.fullmatch(package.name) for package in packages)
    return next((match[1] or match[2] for match in matches if match), "")


def _check_python(build: Build, version: str) -> None:
    if build.python and build.python != version:
        raise ConfigError(
            f"build.python: {build.python} is asked for, but {build.base.debian} has Python {version or 'none'}",
            hint=f'set build.python to "{version}", or choose another base',
        )


def _python_of_base(wanted: _Resolution, space: Workspace) -> str:
    """Found by looking at the base's files, so that its layers are fetched now; a build needs them anyway."""
    if wanted.build.dockerfile is not None:
        return ""
    base = bases.image(wanted.folder, wanted.build, wanted.base.digest, wanted.platform, space)
    files = Filesystem(space.items(layer) for layer in base.layers)
    found = python.find(files, base.execution.env)
    python.require(found, wanted.build.python)
    return found.version if found else ""


def _weights(config: Config, folder: Path, space: Workspace) -> tuple[LockedWeights, ...]:
    """Hashed as layers too: a build that follows finds both digests remembered."""
    hashed = hash_weights(config, folder, space, limit=MAX_WEIGHTS, below=Filesystem())
    for entry in config.weights:
        weight_layers.check_sha256(entry, weight_layers.files_of(hashed, entry))
    return tuple(
        LockedWeights(name=entry.name, source=entry.source, files=weight_layers.files_of(hashed, entry))
        for entry in config.weights
    )
