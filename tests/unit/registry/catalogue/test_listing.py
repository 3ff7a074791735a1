from __future__ import annotations

from pathlib import Path

import pytest

from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.manifest import EMPTY_JSON, Manifest, encode
from tidegate.oci.store import put_bytes
from tidegate.registry.catalogue.listing import Row, rows
from tidegate.registry.storage.repository import StoredRepository
from tidegate.registry.storage.store import Storage


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage.open(tmp_path / "data")


def _put(repository: StoredRepository, tag: str | None, value: dict[str, str], about: Descriptor | None) -> Descriptor:
    manifest = Manifest(
        schema_version=2,
        media_type=media_types.MANIFEST,
        artifact_type=media_types.RELEASE_RECORD if about else None,
        config=put_bytes(repository, EMPTY_JSON, media_types.EMPTY),
        layers=(),
        subject=about,
        annotations=value,
    )
    return repository.put_manifest(encode(manifest), media_types.MANIFEST, tag)


def test_a_release_has_commit_verdict_and_time(storage: Storage) -> None:
    """The commit comes from the image, verdict and time from the youngest of its release records."""
    repository = storage.repository("acme/digits")
    image = _put(repository, "1.0", {"org.opencontainers.image.revision": "c0ffee"}, None)
    for day, verdict in (("02", "passed"), ("01", "failed")):
        created = f"2026-01-{day}T00:00:00Z"
        _put(repository, None, {"org.opencontainers.image.created": created, "dev.tidegate.verdict": verdict}, image)
    assert list(rows(storage)) == [
        Row("acme/digits", "1.0", image.digest, "c0ffee", "passed", "2026-01-02T00:00:00Z"),
    ]


def test_an_image_without_a_record_has_none(storage: Storage) -> None:
    """What nobody released is listed by tag and digest alone."""
    image = _put(storage.repository("a"), "1", {"org.opencontainers.image.revision": "c0ffee"}, None)
    assert list(rows(storage)) == [Row("a", "1", image.digest)]
