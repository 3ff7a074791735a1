from __future__ import annotations

from pathlib import Path

import pytest

from tidegate.errors import ContentError, NotFoundError, SourceChanged
from tidegate.oci.digest import Digest
from tidegate.oci.local import LocalStore
from tidegate.oci.recipe import FilePart, Literal, Recipe
from tidegate.oci.store import read_blob


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "weights.bin"
    path.write_bytes(b"weights")
    return path


def put(store: LocalStore, weights: Path) -> Digest:
    digest = Digest.of(b"<" + weights.read_bytes() + b">")
    store.put_recipe(digest, Recipe((Literal(b"<"), FilePart.of(weights), Literal(b">"))))
    return digest


def test_recipe_is_read_like_a_blob_and_not_copied(tmp_path: Path, weights: Path) -> None:
    """A blob may be a file where it lies, from any offset."""
    store = LocalStore(tmp_path / "store")
    digest = put(store, weights)
    assert store.blob_size(digest) == 9
    assert read_blob(store, digest, 100) == b"<weights>"
    with store.open_blob(digest, 3) as stream:
        assert stream.read(3) == b"igh"
    assert not any(b"weights>" in path.read_bytes() for path in (tmp_path / "store").rglob("*") if path.is_file())


def test_recipe_outlives_the_store_that_wrote_it(tmp_path: Path, weights: Path) -> None:
    """Another process streams what this one has hashed."""
    digest = put(LocalStore(tmp_path / "store"), weights)
    assert read_blob(LocalStore(tmp_path / "store"), digest, 100) == b"<weights>"


def test_blob_whose_file_changed_is_no_longer_there(tmp_path: Path, weights: Path) -> None:
    """What can't be streamed any more isn't promised, and reading it says why."""
    store = LocalStore(tmp_path / "store")
    digest = put(store, weights)
    weights.write_bytes(b"other weights")
    assert store.blob_size(digest) is None
    with pytest.raises(SourceChanged, match=r"weights\.bin"):
        read_blob(store, digest, 100)


def test_bytes_serve_where_there_is_no_recipe(tmp_path: Path) -> None:
    """Small layers lie in the store as they are."""
    store = LocalStore(tmp_path / "store")
    with store.growing_blob() as blob:
        blob.write(b"code")
    assert store.blob_size(blob.digest) == 4
    assert read_blob(store, blob.digest, 100) == b"code"


def test_stored_bytes_serve_when_the_recipe_is_stale(tmp_path: Path, weights: Path) -> None:
    """A blob that came from a registry is not hidden by an older recipe whose file has gone."""
    store = LocalStore(tmp_path / "store")
    digest = put(store, weights)
    with store.new_blob(digest) as write:
        write(b"<weights>")
    weights.unlink()
    assert store.blob_size(digest) == 9
    assert read_blob(store, digest, 100) == b"<weights>"


def test_unknown_blob_is_not_found(tmp_path: Path) -> None:
    """Neither bytes nor recipe."""
    store = LocalStore(tmp_path / "store")
    assert store.blob_size(Digest.of(b"x")) is None
    with pytest.raises(NotFoundError):
        store.open_blob(Digest.of(b"x"))


def test_torn_recipe_names_its_file(tmp_path: Path, weights: Path) -> None:
    """A broken recipe file is a content error."""
    store = LocalStore(tmp_path / "store")
    digest = put(store, weights)
    store.recipe_path(digest).write_bytes(b"{")
    with pytest.raises(ContentError, match=digest.hex):
        store.blob_size(digest)
