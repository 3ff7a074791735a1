from __future__ import annotations

from pathlib import Path

import pytest
from tests.images import make_image, make_layer
from tests.integration.build.models import Place

from tidegate.errors import ContentError
from tidegate.oci import media_types
from tidegate.oci.digest import Digest
from tidegate.oci.image import Layer
from tidegate.oci.store import put_bytes


def test_layer_is_looked_into_once(tmp_path: Path) -> None:
    """Afterwards its blob isn't needed to know what is in it."""
    place = Place(tmp_path / "home")
    (layer,) = make_image(place.store, [make_layer({"a": b"1"})], command=["x"]).layers
    first = place.space.items(layer)
    assert [item.path for item in first] == ["a"]
    place.store.blob_path(layer.descriptor.digest).unlink()
    assert place.space.items(layer) == first


def test_broken_layer_is_named(tmp_path: Path) -> None:
    """By its digest."""
    place = Place(tmp_path / "home")
    descriptor = put_bytes(place.store, b"not gzip", media_types.LAYER_GZIP)
    with pytest.raises(ContentError, match=descriptor.digest):
        place.space.items(Layer(descriptor, Digest.of(b"")))
