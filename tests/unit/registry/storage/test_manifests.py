from __future__ import annotations

import pytest
from tests.unit.registry.storage.samples import make_manifest

from tidegate.errors import NotFoundError
from tidegate.oci import media_types
from tidegate.registry.storage.repository import StoredRepository


def test_a_manifest_is_kept_verbatim(repository: StoredRepository) -> None:
    """The bytes and the media type come back as they were put, spaces and all."""
    data = make_manifest(repository).replace(b",", b" ,\n ")
    descriptor = repository.put_manifest(data, media_types.MANIFEST, "1.0")
    for reference in ("1.0", descriptor.digest):
        document = repository.get_manifest(reference)
        assert (document.data, document.media_type) == (data, media_types.MANIFEST)


def test_a_torn_manifest_or_tag_is_as_good_as_none(repository: StoredRepository) -> None:
    """A manifest whose bytes changed, or a tag cut short, is not found."""
    digest = repository.put_manifest(make_manifest(repository), media_types.MANIFEST, "1.0").digest
    stored = repository.path / "_manifests" / "sha256" / digest.hex
    stored.write_bytes(stored.read_bytes()[:-1])
    with pytest.raises(NotFoundError):
        repository.get_manifest("1.0")
    (repository.path / "_tags" / "1.0").write_bytes(b"")
    assert repository.tagged("1.0") is None
