from __future__ import annotations

from pathlib import Path

import pytest
from tests.images import make_image, make_layer
from tests.integration.build.models import CONFIG, Place, replace, with_build, write_model

from tidegate.build.base import bases
from tidegate.errors import ConfigError, LockError
from tidegate.oci.descriptor import Platform
from tidegate.oci.layout import Layout
from tidegate.project.config import Base
from tidegate.project.lock import LockedBase

AMD = Platform.parse("linux/amd64")
LAYOUT = with_build(base=Base(layout="base"), requirements=None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    model = write_model(tmp_path / "model")
    make_image(Layout(model / "base"), [make_layer({"a": b"1"})], command=["x"], target=AMD)
    return model


def test_debian_is_a_layer_on_nothing(tmp_path: Path, folder: Path) -> None:
    """Fetched once, remembered by its packages."""
    place = Place(tmp_path / "home")
    lock = place.lock(folder)
    for reused in (False, True):
        base, (system,) = bases.load(folder, CONFIG.build, lock, AMD, place.space)
        assert (base.layers, system.reused) == ((), reused)
    assert place.asked.count("fetch debian") == 1


def test_known_base_needs_its_source_no_more(tmp_path: Path, folder: Path) -> None:
    """Once its layers are in the store, the registry or folder isn't asked again."""
    place = Place(tmp_path / "home")
    lock = place.lock(folder, LAYOUT)
    first, _ = bases.load(folder, LAYOUT.build, lock, AMD, place.space)
    (folder / "base" / "index.json").unlink()
    assert bases.load(folder, LAYOUT.build, lock, AMD, place.space)[0] == first


def test_lock_without_the_bases_digest_is_refused(tmp_path: Path, folder: Path) -> None:
    """A lock for another base says nothing of this one."""
    place = Place(tmp_path / "home")
    lock = replace(place.lock(folder, LAYOUT), base=LockedBase(kind="debian", reference="bookworm"))
    with pytest.raises(LockError, match="no digest"):
        bases.load(folder, LAYOUT.build, lock, AMD, place.space)


def test_system_packages_need_a_debian_base(tmp_path: Path, folder: Path) -> None:
    """Nothing knows what another base has already."""
    place = Place(tmp_path / "home")
    config = with_build(LAYOUT, system_packages=("libgomp1",))
    with pytest.raises(ConfigError, match=r"build\.system_packages"):
        bases.load(folder, config.build, place.lock(folder, LAYOUT), AMD, place.space)
