from __future__ import annotations

import io
from pathlib import Path

import pytest

from tidegate.build import tar
from tidegate.build.compression import store_layer
from tidegate.build.layer_cache import LayerCache
from tidegate.oci.digest import Digest
from tidegate.oci.image import Layer
from tidegate.oci.layout import Layout


@pytest.fixture
def store(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "store")


def layer(store: Layout) -> Layer:
    return store_layer(store, [(tar.file("a", 1), io.BytesIO(b"a"))], "here")


def fail() -> Layer:
    pytest.fail("made again")


def test_layer_is_made_once(tmp_path: Path, store: Layout) -> None:
    """The second time it comes from memory, also in another process."""
    first = LayerCache(tmp_path / "cache", store).get(("key", 1), "why", lambda: layer(store))
    again = LayerCache(tmp_path / "cache", store).get(("key", 1), "why", fail)
    assert (first.reused, again.reused) == (False, True)
    assert first.layer == again.layer


def test_other_key_is_another_layer(tmp_path: Path, store: Layout) -> None:
    """Every part of the key counts, digests too."""
    cache = LayerCache(tmp_path / "cache", store)
    cache.get(("key", Digest.of(b"1")), "why", lambda: layer(store))
    assert not cache.get(("key", Digest.of(b"2")), "why", lambda: layer(store)).reused


def test_layer_whose_blob_is_gone_is_made_again(tmp_path: Path, store: Layout) -> None:
    """The store may be cleaned without telling the cache."""
    cache = LayerCache(tmp_path / "cache", store)
    first = cache.get(("key",), "why", lambda: layer(store))
    store.blob_path(first.layer.descriptor.digest).unlink()
    assert not cache.get(("key",), "why", lambda: layer(store)).reused


def test_torn_memory_is_forgotten(tmp_path: Path, store: Layout) -> None:
    """A broken cache file is no reason to stop."""
    cache = LayerCache(tmp_path / "cache", store)
    cache.get(("key",), "why", lambda: layer(store))
    for path in (tmp_path / "cache").iterdir():
        path.write_bytes(b"{")
    assert not cache.get(("key",), "why", lambda: layer(store)).reused
