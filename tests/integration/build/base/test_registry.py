from __future__ import annotations

from pathlib import Path

import pytest
from tests.images import make_image, make_layer
from tests.integration.build.models import Place

from tidegate.build.base import registry
from tidegate.errors import ConfigError, NotFoundError
from tidegate.oci.descriptor import Platform
from tidegate.oci.digest import Digest
from tidegate.oci.image import Image
from tidegate.oci.layout import Layout

NAME = "registry.acme.example/base"
AMD = Platform.parse("linux/amd64")


@pytest.fixture
def image(tmp_path: Path) -> Image:
    return make_image(Layout(tmp_path / "registry"), [make_layer({"a": b"1"})], command=["x"], tag="latest", target=AMD)


@pytest.fixture
def place(tmp_path: Path, image: Image) -> Place:
    return Place(tmp_path / "home", repositories={NAME: image.store})


def test_tag_is_resolved_to_a_digest(place: Place, image: Image) -> None:
    """Without a tag it is `latest`; a digest is asked of nobody."""
    assert registry.resolve(NAME, place.sources.repository) == image.digest
    place.asked.clear()
    assert registry.resolve(f"{NAME}@{Digest.of(b'')}", place.sources.repository) == Digest.of(b"")
    assert place.asked == []


def test_layers_are_copied_into_the_store(place: Place, image: Image) -> None:
    """Scan, test and library check read them there."""
    base = registry.load(NAME, image.digest, AMD, place.space)
    assert base.layers == image.layers
    assert place.store.blob_size(image.layers[0].descriptor.digest) == image.layers[0].descriptor.size


def test_platform_that_a_base_lacks_is_refused(place: Place, image: Image) -> None:
    """With those that it has."""
    with pytest.raises(ConfigError, match="no image for linux/arm64") as caught:
        registry.load(NAME, image.digest, Platform.parse("linux/arm64"), place.space)
    assert "linux/amd64" in caught.value.hint


def test_base_that_has_gone_is_not_found(place: Place) -> None:
    """A locked digest that the registry no longer has."""
    with pytest.raises(NotFoundError):
        registry.load(NAME, Digest.of(b"gone"), AMD, place.space)


def test_wrong_reference_names_its_key() -> None:
    """build.base.image leads to the line."""
    with pytest.raises(ConfigError, match=r"build\.base\.image"):
        registry.parse("Not A Reference")
