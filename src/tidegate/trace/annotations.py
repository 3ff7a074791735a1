"""The standard annotations of an image, made from commit, lock and tidegate.yaml and from nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

from tidegate.project.config import Config
from tidegate.project.lock import Lock

# OCI image-spec, annotations.md, "Pre-Defined Annotation Keys".
PREFIX = "org.opencontainers.image."
REVISION = PREFIX + "revision"
CREATED = PREFIX + "created"
TITLE = PREFIX + "title"
VERSION = PREFIX + "version"
LICENSES = PREFIX + "licenses"
SOURCE = PREFIX + "source"
BASE_NAME = PREFIX + "base.name"
BASE_DIGEST = PREFIX + "base.digest"
# There and "true" when the work tree had changes; the revision then ends in -dirty, as `git describe` writes it.
DIRTY = "dev.tidegate.dirty"
DIRTY_SUFFIX = "-dirty"


def standard(
    config: Config, lock: Lock | None, commit: str, committed: datetime, *, dirty: bool = False
) -> dict[str, str]:
    """The annotations of one image, sorted by key. `lock` is None where a Dockerfile is built.

    A base that is Debian's packages, a layout or an archive has no name in a registry, so none is given.
    """
    model = config.model
    values = {
        REVISION: commit + (DIRTY_SUFFIX if dirty else ""),
        CREATED: timestamp(committed),
        TITLE: model.name,
        VERSION: model.version,
        LICENSES: model.license,
        SOURCE: model.source,
        BASE_NAME: lock.base.reference if lock and lock.base.kind == "image" else None,
        BASE_DIGEST: lock.base.digest if lock else None,
        DIRTY: "true" if dirty else None,
    }
    return {key: value for key, value in sorted(values.items()) if value}


def timestamp(moment: datetime) -> str:
    """A moment in UTC as RFC 3339 writes it, in whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
