"""The base that a configuration asks for, whatever its kind."""

from __future__ import annotations

from pathlib import Path

from tidegate.build import dockerfile
from tidegate.build.base import debian, layout, registry
from tidegate.build.base.base import Base, BaseCache
from tidegate.build.image import NewLayer
from tidegate.build.workspace import Workspace
from tidegate.errors import ConfigError, LockError
from tidegate.oci.descriptor import Platform
from tidegate.oci.digest import Digest
from tidegate.project.config import Build
from tidegate.project.lock import LOCK_NAME, Lock


def load(folder: Path, build: Build, lock: Lock, platform: Platform, space: Workspace) -> tuple[Base, list[NewLayer]]:
    """The base, and the layer of system packages that stands on it."""
    if build.dockerfile is None and build.base.debian is not None:
        return Base(), [debian.make(lock.platform(str(platform)).debian, space.sources.debian, space.layers)]
    if build.system_packages and build.dockerfile is None:
        raise ConfigError(
            "build.system_packages: can be added to a Debian base only",
            hint="use base: {debian: bookworm}, or a base that has them",
        )
    return image(folder, build, lock.base.digest, platform, space), []


def image(folder: Path, build: Build, locked: str, platform: Platform, space: Workspace) -> Base:
    """A base that is an image: from a registry or disk by its locked digest, or made by a Dockerfile."""
    file = build.dockerfile or build.base.dockerfile
    if file is not None:
        return dockerfile.build(folder, file, platform, space)
    if not locked:
        raise LockError(f"{LOCK_NAME}: the base has no digest in it", hint="run: tidegate lock")
    digest = Digest(locked)
    known = BaseCache(space.sources.cache / "bases")
    base = known.get(digest, platform, space.store)
    if base is None:
        space.progress(f"base for {platform}", 0, 0)
        base = _load(folder, build, digest, platform, space)
        known.put(digest, platform, base)
    return base


def _load(folder: Path, build: Build, digest: Digest, platform: Platform, space: Workspace) -> Base:
    if build.base.image is not None:
        return registry.load(build.base.image, digest, platform, space)
    return layout.load(folder / (build.base.layout or ""), digest, platform, space.store)
