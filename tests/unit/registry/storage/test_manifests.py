from __future__ import annotations

from pathlib import Path

import pytest

from tidegate.errors import NotFoundError
from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.digest import Digest
from tidegate.oci.manifest import EMPTY_JSON, Manifest, encode
from tidegate.oci.store import put_bytes
from tidegate.registry.storage.repository import StoredRepository
from tidegate.registry.storage.store import Storage

MISSING = Digest.of(b"nowhere")


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage.open(tmp_path / "data")


@pytest.fixture
def repository(storage: Storage) -> StoredRepository:
    return storage.repository("acme/digits")


def _manifest(repository: StoredRepository, *, subject: Digest | None = None, kind: str = "application/x") -> bytes:
    config = put_bytes(repository, EMPTY_JSON, media_types.EMPTY)
    about = Descriptor(media_type=media_types.MANIFEST, digest=subject, size=1) if subject else None
    value = Manifest(
        schema_version=2,
        media_type=media_types.MANIFEST,
        artifact_type=kind,
        config=config,
        layers=(),
        subject=about,
        annotations={"verdict": "passed"},
    )
    return encode(value)


def test_a_manifest_is_kept_verbatim(repository: StoredRepository) -> None:
    """The bytes and the media type come back as they were put, spaces and all."""
    data = _manifest(repository).replace(b",", b" ,\n ")
    descriptor = repository.put_manifest(data, media_types.MANIFEST, "1.0")
    for reference in ("1.0", descriptor.digest):
        document = repository.get_manifest(reference)
        assert (document.data, document.media_type) == (data, media_types.MANIFEST)


def test_a_torn_manifest_or_tag_is_as_good_as_none(repository: StoredRepository) -> None:
    """A manifest whose bytes changed, or a tag cut short, is not found."""
    digest = repository.put_manifest(_manifest(repository), media_types.MANIFEST, "1.0").digest
    stored = repository.path / "_manifests" / "sha256" / digest.hex
    stored.write_bytes(stored.read_bytes()[:-1])
    with pytest.raises(NotFoundError):
        repository.get_manifest("1.0")
    (repository.path / "_tags" / "1.0").write_bytes(b"")
    assert repository.tagged("1.0") is None
