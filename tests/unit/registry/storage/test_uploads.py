from __future__ import annotations

import os

import pytest

from tidegate.errors import DigestMismatch, NotFoundError
from tidegate.oci.digest import Digest
from tidegate.registry.storage.repository import StoredRepository
from tidegate.registry.storage.store import Storage
from tidegate.registry.storage.uploads import UploadBusy

DATA = b"tide" * 1000


def _append(storage: Storage, repository: StoredRepository, name: str, data: bytes) -> None:
    upload = storage.uploads.open(repository.path, name)
    upload.write([data[:10], data[10:]])
    upload.close()


def _finish(storage: Storage, repository: StoredRepository, name: str, digest: Digest) -> None:
    upload = storage.uploads.open(repository.path, name)
    try:
        upload.finish(digest, repository.blobs)
    finally:
        upload.close()


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_parts_become_a_blob(storage: Storage, repository: StoredRepository, algorithm: str) -> None:
    """What was appended is the blob, under a digest of either algorithm, and the upload is gone."""
    name = storage.uploads.start(repository.path)
    _append(storage, repository, name, DATA[:1500])
    _append(storage, repository, name, DATA[1500:])
    digest = Digest.of(DATA, algorithm)
    assert repository.blob_size(digest) is None
    _finish(storage, repository, name, digest)
    with repository.open_blob(digest) as stream:
        assert stream.read() == DATA
    with pytest.raises(NotFoundError):
        storage.uploads.size(repository.path, name)


def test_a_restart_goes_on_where_it_was(storage: Storage, repository: StoredRepository) -> None:
    """Another process that opens the same folder appends, and the digest is of all."""
    name = storage.uploads.start(repository.path)
    _append(storage, repository, name, DATA[:1500])
    again = Storage.open(storage.root)
    assert again.uploads.size(repository.path, name) == 1500
    _append(again, repository, name, DATA[1500:])
    _finish(again, repository, name, Digest.of(DATA))
    assert repository.blob_size(Digest.of(DATA)) == len(DATA)


def test_a_lying_digest_makes_no_blob(storage: Storage, repository: StoredRepository) -> None:
    """Bytes with another digest are thrown away with their upload, and neither digest is there."""
    name = storage.uploads.start(repository.path)
    _append(storage, repository, name, DATA)
    with pytest.raises(DigestMismatch, match="4000 bytes arrived"):
        _finish(storage, repository, name, Digest.of(b"other"))
    assert repository.blob_size(Digest.of(b"other")) is None
    assert repository.blob_size(Digest.of(DATA)) is None
    with pytest.raises(NotFoundError):
        storage.uploads.size(repository.path, name)


def test_only_one_request_writes_at_a_time(storage: Storage, repository: StoredRepository) -> None:
    """An upload that is being written to can't be opened again until it is closed."""
    name = storage.uploads.start(repository.path)
    first = storage.uploads.open(repository.path, name)
    with pytest.raises(UploadBusy):
        storage.uploads.open(repository.path, name)
    first.close()
    storage.uploads.open(repository.path, name).close()


@pytest.mark.parametrize("name", ["", "..", "../../registry.json", "0" * 32, "A" * 32, "/etc/passwd"])
def test_unknown_names_are_not_found(storage: Storage, repository: StoredRepository, name: str) -> None:
    """A name that isn't an upload's is unknown, also when it looks like a path."""
    for action in (storage.uploads.size, storage.uploads.open, storage.uploads.cancel):
        with pytest.raises(NotFoundError):
            action(repository.path, name)


def test_an_upload_belongs_to_its_repository(storage: Storage, repository: StoredRepository) -> None:
    """Another repository doesn't know it."""
    name = storage.uploads.start(repository.path)
    with pytest.raises(NotFoundError):
        storage.uploads.open(storage.repository("acme/other").path, name)


def test_a_cancelled_upload_is_gone(storage: Storage, repository: StoredRepository) -> None:
    """After cancelling nothing is known of it."""
    name = storage.uploads.start(repository.path)
    storage.uploads.cancel(repository.path, name)
    with pytest.raises(NotFoundError):
        storage.uploads.size(repository.path, name)


def test_old_uploads_are_forgotten_unless_in_use(storage: Storage, repository: StoredRepository) -> None:
    """Leftovers older than the given time go; one that is being written to stays."""
    idle, busy = (storage.uploads.start(repository.path) for _ in range(2))
    writing = storage.uploads.open(repository.path, busy)
    for name in (idle, busy):
        os.utime(repository.path / "_uploads" / name, (1000.0, 1000.0))
    storage.forget_leftovers(before=2000.0)
    writing.close()
    assert storage.uploads.size(repository.path, busy) == 0
    with pytest.raises(NotFoundError):
        storage.uploads.size(repository.path, idle)
