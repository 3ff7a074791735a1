from __future__ import annotations

from io import BytesIO

import pytest
from tests.unit.registry.storage.samples import MISSING, make_manifest

from tidegate.errors import ContentError, DigestMismatch, NotFoundError
from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.manifest import EMPTY_DESCRIPTOR, EMPTY_JSON, Manifest, encode
from tidegate.oci.store import put_bytes
from tidegate.registry.storage.repository import StoredRepository


def test_lying_bytes_are_not_stored(repository: StoredRepository) -> None:
    """A source that gives other bytes than promised leaves nothing."""
    with pytest.raises(DigestMismatch):
        repository.put_blob(MISSING, 5, lambda offset: BytesIO(b"wrong"[offset:]))
    assert repository.blob_size(MISSING) is None


def test_a_manifest_needs_its_blobs(repository: StoredRepository) -> None:
    """Without its configuration a manifest isn't stored, nor its tag."""
    value = Manifest(schema_version=2, media_type=media_types.MANIFEST, config=EMPTY_DESCRIPTOR, layers=())
    with pytest.raises(NotFoundError, match=EMPTY_DESCRIPTOR.digest):
        repository.put_manifest(encode(value), media_types.MANIFEST, "1.0")
    assert list(repository.tags()) == []


def test_a_size_that_lies_is_refused(repository: StoredRepository) -> None:
    """A descriptor that gives a blob another size than it has makes the manifest invalid."""
    config = put_bytes(repository, EMPTY_JSON, media_types.EMPTY)
    lying = Descriptor(media_type=config.media_type, digest=config.digest, size=99)
    value = Manifest(schema_version=2, media_type=media_types.MANIFEST, config=lying, layers=())
    with pytest.raises(ContentError, match="99 bytes"):
        repository.put_manifest(encode(value), media_types.MANIFEST)


def test_layers_that_stay_elsewhere_need_not_be_here(repository: StoredRepository) -> None:
    """Layers that may not be distributed are not asked for."""
    foreign = Descriptor(media_type="application/vnd.oci.image.layer.nondistributable.v1.tar", digest=MISSING, size=1)
    config = put_bytes(repository, EMPTY_JSON, media_types.EMPTY)
    value = Manifest(schema_version=2, media_type=media_types.MANIFEST, config=config, layers=(foreign,))
    repository.put_manifest(encode(value), media_types.MANIFEST, "1.0")


def test_deleting_a_manifest_drops_tags_and_its_listing(repository: StoredRepository) -> None:
    """After a deletion neither its tags nor its entry among the referrers are left."""
    data = make_manifest(repository, subject=MISSING)
    digest = repository.put_manifest(data, media_types.MANIFEST, "1.0").digest
    repository.put_manifest(data, media_types.MANIFEST, "latest")
    assert repository.delete_manifest(digest)
    assert not repository.delete_manifest(digest)
    assert list(repository.tags()) == []
    assert repository.referrers(MISSING) == []
