"""What the catalogue shows, read from the storage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tidegate.errors import ContentError
from tidegate.oci import media_types
from tidegate.oci.digest import Digest
from tidegate.oci.manifest import decode_manifest
from tidegate.registry.storage.repository import StoredRepository
from tidegate.registry.storage.store import Storage

_REVISION = "org.opencontainers.image.revision"
_CREATED = "org.opencontainers.image.created"
_VERDICT = "dev.tidegate.verdict"


@dataclass(frozen=True, slots=True)
class Row:
    """A tag; `commit` and `verdict` are empty where no release record says them."""

    repository: str
    tag: str
    digest: Digest
    commit: str = ""
    verdict: str = ""
    created: str = ""


def rows(storage: Storage) -> Iterator[Row]:
    """Every tag, by repository and name."""
    for name in storage.repositories():
        repository = storage.repository(name)
        for tag in repository.tags():
            digest = repository.tagged(tag)
            if digest is not None:
                yield _row(repository, tag, digest)


def _row(repository: StoredRepository, tag: str, digest: Digest) -> Row:
    records = repository.referrers(digest, media_types.RELEASE_RECORD)
    if not records:
        return Row(repository.name, tag, digest)
    record = max(records, key=lambda each: each.annotations.get(_CREATED, ""))
    return Row(
        repository.name,
        tag,
        digest,
        commit=_annotation(repository, digest, _REVISION),
        verdict=record.annotations.get(_VERDICT, ""),
        created=record.annotations.get(_CREATED, ""),
    )


def _annotation(repository: StoredRepository, digest: Digest, name: str) -> str:
    try:
        document = repository.get_manifest(digest)
        return decode_manifest(document.data, document.media_type, str(digest)).annotations.get(name, "")
    except ContentError:
        return ""
