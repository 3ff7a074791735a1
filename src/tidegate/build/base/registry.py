"""A base image from a registry, by the digest that the lock has."""

from __future__ import annotations

from tidegate.build.base.base import Base, from_store
from tidegate.build.sources import OpenRepository
from tidegate.build.workspace import Workspace
from tidegate.errors import ConfigError, UsageError
from tidegate.oci.descriptor import Platform
from tidegate.oci.digest import Digest
from tidegate.oci.reference import Reference


def load(reference: str, digest: Digest, platform: Platform, space: Workspace) -> Base:
    """The base's image for a platform, with the layers that the store lacks copied into it.

    The scan, the test and the check for missing libraries read them all, so nothing is left for later.
    Raises ConfigError, RegistryError, NetworkError, DigestMismatch.
    """
    return from_store(space.sources.repository(parse(reference)), digest, platform, space.store)


def resolve(reference: str, open_repository: OpenRepository) -> Digest:
    """The digest that a reference has now. Raises ConfigError, RegistryError, NetworkError, NotFoundError."""
    parsed = parse(reference)
    if parsed.digest:
        return parsed.digest
    return open_repository(parsed).get_manifest(parsed.tag or "latest").digest


def parse(reference: str) -> Reference:
    """Raises ConfigError for what isn't a reference."""
    try:
        return Reference.parse(reference)
    except UsageError as error:
        raise ConfigError(f"build.base.image: {error.message}", hint=error.hint) from error
