from __future__ import annotations

from pathlib import Path

import pytest
from tests.images import make_image, make_layer

from tidegate.build.base import layout
from tidegate.errors import ConfigError
from tidegate.oci.archive import write_archive
from tidegate.oci.descriptor import Platform
from tidegate.oci.layout import Layout
from tidegate.oci.local import LocalStore

AMD = Platform.parse("linux/amd64")


def test_folder_and_archive_are_the_same_base(tmp_path: Path) -> None:
    """By digest, and by what ends up in the store."""
    store = Layout(tmp_path / "layout")
    image = make_image(store, [make_layer({"a": b"1"})], command=["x"], target=AMD)
    with (tmp_path / "base.tar").open("wb") as stream:
        write_archive(store, image.digest, "base:1", stream.write)
    for number, name in enumerate(("layout", "base.tar")):
        digest = layout.resolve(tmp_path / name)
        assert digest == image.digest
        base = layout.load(tmp_path / name, digest, AMD, LocalStore(tmp_path / str(number)))
        assert base.layers == image.layers
        assert LocalStore(tmp_path / str(number)).blob_size(base.layers[0].descriptor.digest)


@pytest.mark.parametrize("data", [None, b"not an archive"])
def test_what_is_no_image_names_its_key(tmp_path: Path, data: bytes | None) -> None:
    """Missing or broken, it is the configuration's to mend."""
    if data is not None:
        (tmp_path / "base").write_bytes(data)
    with pytest.raises(ConfigError, match=r"build\.base\.layout"):
        layout.resolve(tmp_path / "base")
