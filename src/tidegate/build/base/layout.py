"""A base image from an OCI layout folder or an archive on disk."""

from __future__ import annotations

from pathlib import Path

from tidegate.build.base.base import Base, from_store
from tidegate.errors import ConfigError, ContentError, LockError, NotFoundError
from tidegate.oci.archive import open_local
from tidegate.oci.descriptor import Platform
from tidegate.oci.digest import Digest
from tidegate.oci.layout import Layout
from tidegate.oci.local import LocalStore
from tidegate.project.lock import LOCK_NAME


def load(path: Path, digest: Digest, platform: Platform, store: LocalStore) -> Base:
    """The base's image for a platform. Raises LockError when it isn't there, ConfigError, ContentError."""
    try:
        return from_store(_open(path), digest, platform, store)
    except NotFoundError as error:
        raise LockError(
            f"{LOCK_NAME}: build.base.layout: {error.message}", hint="if the base was changed, run: tidegate lock"
        ) from error


def resolve(path: Path) -> Digest:
    """The digest of the one image or index at a path. Raises ConfigError when there is none or several."""
    layout = _open(path)
    digests = {descriptor.digest for descriptor in layout.index().manifests}
    if len(digests) != 1:
        raise ConfigError(
            f"build.base.layout: {path}: {len(digests)} images in it, one is expected", hint="keep one in it"
        )
    return digests.pop()


def _open(path: Path) -> Layout:
    try:
        return open_local(path)
    except (NotFoundError, ContentError) as error:
        raise ConfigError(f"build.base.layout: {error.message}", hint=error.hint) from error
