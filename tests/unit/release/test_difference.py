from __future__ import annotations

from pathlib import Path

import pytest
from tests.images import make_image, make_layer

from tidegate.oci.descriptor import Platform
from tidegate.oci.digest import Digest
from tidegate.oci.layout import Layout
from tidegate.release.difference import describe

AMD, ARM = Platform.parse("linux/amd64"), Platform.parse("linux/arm64")


@pytest.fixture
def there(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "there")


@pytest.fixture
def here(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "here")


def image(store: Layout, *contents: bytes, command: str = "x", target: Platform = AMD) -> Digest:
    return make_image(store, [make_layer({"a": data}) for data in contents], command=[command], target=target).digest


def test_layers_that_differ_are_numbered_from_the_base(there: Layout, here: Layout) -> None:
    """A layer that only one of them has differs too."""
    old, new = image(there, b"1", b"2"), image(here, b"1", b"3", b"4")
    assert describe(there, old, here, new) == "layer 2 () differs; layer 3 (no layer there,  here) differs"


def test_a_configuration_that_differs_is_named(there: Layout, here: Layout) -> None:
    """When the layers are the same."""
    old, new = image(there, b"1"), image(here, b"1", command="y")
    assert describe(there, old, here, new) == "the configuration differs"


def test_platforms_that_differ_are_named(there: Layout, here: Layout) -> None:
    """Before anything of one platform is compared."""
    old, new = image(there, b"1"), image(here, b"1", target=ARM)
    assert describe(there, old, here, new) == "platforms linux/amd64 there, linux/arm64 here"


def test_an_image_that_cannot_be_read_is_said_to_be_so(there: Layout, here: Layout) -> None:
    """The conflict is told all the same."""
    old, new = image(there, b"1"), image(here, b"2")
    (there.path / "index.json").write_text("{")
    assert describe(there, old, here, new).startswith("the other one can't be read: ")
