from __future__ import annotations

import pytest
from tests.unit.registry.storage.samples import MISSING

from tidegate.errors import NotFoundError
from tidegate.oci.store import put_bytes
from tidegate.registry.storage.repository import StoredRepository
from tidegate.registry.storage.store import Storage


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


def test_removing_a_blob_leaves_it_to_others(storage: Storage, repository: StoredRepository) -> None:
    """A blob removed from one repository stays in the other."""
    other = storage.repository("acme/other")
    digest = put_bytes(repository, b"shared", "x").digest
    other.blobs.mount(digest, repository.blobs)
    assert repository.blobs.remove(digest)
    assert not repository.blobs.remove(digest)
    assert repository.blob_size(digest) is None
    assert other.blob_size(digest) == 6
