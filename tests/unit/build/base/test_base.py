from __future__ import annotations

from pathlib import Path

from tests.images import make_image, make_layer

from tidegate.build.base.base import Base, BaseCache, from_store
from tidegate.oci.descriptor import Platform
from tidegate.oci.layout import Layout
from tidegate.oci.local import LocalStore

AMD, ARM = Platform.parse("linux/amd64"), Platform.parse("linux/arm64")


def test_no_base_has_a_path_to_look_for_programs() -> None:
    """A container without PATH finds nothing."""
    assert Base().execution.env[0].startswith("PATH=/usr/local/sbin:")


def test_base_is_remembered_by_digest_and_platform(tmp_path: Path) -> None:
    """As long as the store has all of its layers."""
    store = LocalStore(tmp_path / "store")
    image = make_image(Layout(tmp_path / "base"), [make_layer({"a": b"1"})], command=["x"], target=AMD)
    base = from_store(image.store, image.digest, AMD, store)
    cache = BaseCache(tmp_path / "cache")
    assert cache.get(image.digest, AMD, store) is None
    cache.put(image.digest, AMD, base)
    assert cache.get(image.digest, AMD, store) == base
    assert cache.get(image.digest, ARM, store) is None
    store.blob_path(base.layers[0].descriptor.digest).unlink()
    assert cache.get(image.digest, AMD, store) is None
