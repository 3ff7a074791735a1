from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest

from tidegate.errors import ContentError, DigestMismatch, NotFoundError
from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.digest import Digest
from tidegate.oci.manifest import EMPTY_DESCRIPTOR, EMPTY_JSON, Index, Manifest, encode
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


def test_blobs_are_shared_but_not_seen_by_others(storage: Storage, repository: StoredRepository) -> None:
    """A digest alone opens no other repository's blob; a mount does."""
    other = storage.repository("acme/other")
    digest = put_bytes(repository, b"secret", "x").digest
    assert other.blob_size(digest) is None
    with pytest.raises(NotFoundError):
        other.open_blob(digest)
    assert other.blobs.mount(digest, repository.blobs)
    with other.open_blob(digest, 2) as stream:
        assert stream.read() == b"cret"


def test_mounting_what_is_not_there_does_nothing(storage: Storage, repository: StoredRepository) -> None:
    """A mount from a repository without the blob says no."""
    assert not repository.blobs.mount(MISSING, storage.repository("acme/other").blobs)
    assert repository.blob_size(MISSING) is None


@pytest.mark.parametrize("rest", [0, 3])
def test_a_blob_cut_short_is_never_served_and_a_push_heals_it(repository: StoredRepository, rest: int) -> None:
    """A truncated or emptied file counts as missing until the blob is put again."""
    digest = put_bytes(repository, b"weights", "x").digest
    with repository.blobs.path(digest).open("r+b") as file:
        file.truncate(rest)
    assert repository.blob_size(digest) is None
    with pytest.raises(NotFoundError):
        repository.open_blob(digest)
    put_bytes(repository, b"weights", "x")
    assert repository.blob_size(digest) == 7


def test_an_empty_blob_is_a_blob(repository: StoredRepository) -> None:
    """Zero bytes are served when that is what was put."""
    digest = put_bytes(repository, b"", "x").digest
    assert repository.blob_size(digest) == 0


def test_lying_bytes_are_not_stored(repository: StoredRepository) -> None:
    """A source that gives other bytes than promised leaves nothing."""
    with pytest.raises(DigestMismatch):
        repository.put_blob(MISSING, 5, lambda offset: BytesIO(b"wrong"[offset:]))
    assert repository.blob_size(MISSING) is None


def test_removing_a_blob_leaves_it_to_others(storage: Storage, repository: StoredRepository) -> None:
    """A blob removed from one repository stays in the other."""
    other = storage.repository("acme/other")
    digest = put_bytes(repository, b"shared", "x").digest
    other.blobs.mount(digest, repository.blobs)
    assert repository.blobs.remove(digest)
    assert not repository.blobs.remove(digest)
    assert repository.blob_size(digest) is None
    assert other.blob_size(digest) == 6


def test_a_manifest_is_kept_verbatim(repository: StoredRepository) -> None:
    """The bytes and the media type come back as they were put, spaces and all."""
    data = _manifest(repository).replace(b",", b" ,\n ")
    descriptor = repository.put_manifest(data, media_types.MANIFEST, "1.0")
    for reference in ("1.0", descriptor.digest):
        document = repository.get_manifest(reference)
        assert (document.data, document.media_type) == (data, media_types.MANIFEST)


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


def test_a_torn_manifest_or_tag_is_as_good_as_none(repository: StoredRepository) -> None:
    """A manifest whose bytes changed, or a tag cut short, is not found."""
    digest = repository.put_manifest(_manifest(repository), media_types.MANIFEST, "1.0").digest
    stored = repository.path / "_manifests" / "sha256" / digest.hex
    stored.write_bytes(stored.read_bytes()[:-1])
    with pytest.raises(NotFoundError):
        repository.get_manifest("1.0")
    (repository.path / "_tags" / "1.0").write_bytes(b"")
    assert repository.tagged("1.0") is None


@pytest.mark.parametrize("tag", ["", ".", "..", "../x", "a/b", "-a", "a" * 129, "a\n"])
def test_what_is_no_tag_is_refused(repository: StoredRepository, tag: str) -> None:
    """Nothing but the grammar's tags becomes a file name."""
    with pytest.raises(ContentError):
        repository.get_manifest(tag)


def test_referrers_are_listed_with_type_and_annotations(repository: StoredRepository) -> None:
    """A subject's referrers are found by subject and type, whether the subject is there or not."""
    first = repository.put_manifest(_manifest(repository, subject=MISSING, kind="a/one"), media_types.MANIFEST)
    repository.put_manifest(_manifest(repository, subject=MISSING, kind="a/two"), media_types.MANIFEST)
    assert len(repository.referrers(MISSING)) == 2
    [found] = repository.referrers(MISSING, "a/one")
    assert (found.digest, found.artifact_type, found.annotations) == (first.digest, "a/one", {"verdict": "passed"})
    assert repository.referrers(first.digest) == []


def test_referrers_of_older_clients_are_folded_in(repository: StoredRepository) -> None:
    """Entries of the fallback tag are listed too, each digest once."""
    pushed = repository.put_manifest(_manifest(repository, subject=MISSING, kind="a/one"), media_types.MANIFEST)
    old = Descriptor(media_type=media_types.MANIFEST, digest=Digest.of(b"old"), size=3, artifact_type="a/old")
    index = Index(schema_version=2, media_type=media_types.INDEX, manifests=(old, pushed))
    repository.put_manifest(encode(index), media_types.INDEX, f"sha256-{MISSING.hex}")
    assert {each.digest for each in repository.referrers(MISSING)} == {old.digest, pushed.digest}
    assert [each.digest for each in repository.referrers(MISSING, "a/old")] == [old.digest]


def test_deleting_a_manifest_drops_tags_and_its_listing(repository: StoredRepository) -> None:
    """After a deletion neither its tags nor its entry among the referrers are left."""
    data = _manifest(repository, subject=MISSING)
    digest = repository.put_manifest(data, media_types.MANIFEST, "1.0").digest
    repository.put_manifest(data, media_types.MANIFEST, "latest")
    assert repository.delete_manifest(digest)
    assert not repository.delete_manifest(digest)
    assert list(repository.tags()) == []
    assert repository.referrers(MISSING) == []


def test_deleting_a_tag_leaves_the_manifest(repository: StoredRepository) -> None:
    """Only the name goes."""
    digest = repository.put_manifest(_manifest(repository), media_types.MANIFEST, "1.0").digest
    assert repository.delete_tag("1.0")
    assert not repository.delete_tag("1.0")
    assert repository.get_manifest(digest).digest == digest
