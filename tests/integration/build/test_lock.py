from __future__ import annotations

from pathlib import Path

import pytest
from tests.images import Item, make_image, make_layer
from tests.integration.build.models import CONFIG, Place, replace, with_build, write_model

from tidegate.build.lock import is_stale, require_fresh
from tidegate.errors import ConfigError, LockError, VerificationError
from tidegate.oci.digest import Digest
from tidegate.oci.layout import Layout
from tidegate.project.config import Base, Weights
from tidegate.project.lock import encode_lock, read_lock

IMAGE = with_build(base=Base(image="registry.acme.example/python:3.12"))
PYTHON: dict[str, Item] = {"usr/local/bin/python3.12": b"#!", "usr/local/bin/python3": "python3.12"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_model(tmp_path / "model")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    registry = Layout(tmp_path / "registry")
    make_image(registry, [make_layer(PYTHON)], command=["x"], tag="3.12")
    return Place(tmp_path / "home", repositories={"registry.acme.example/python": registry})


def test_everything_is_locked_by_digest(place: Place, folder: Path) -> None:
    """Base, packages for each platform, and the files of weights; it reads back as it was written."""
    lock = place.lock(folder, with_build(platforms=("linux/amd64", "linux/arm64")))
    assert (lock.base.kind, lock.base.reference, lock.base.python) == ("debian", "bookworm", "3.11")
    assert [one.platform for one in lock.platforms] == ["linux/amd64", "linux/arm64"]
    assert lock.platform("linux/arm64").debian[0].architecture == "arm64"
    assert lock.platform("linux/amd64").python[0].name == "sample"
    (weights,) = lock.weights
    assert [(f.path, f.size, f.sha256) for f in weights.files] == [(".", 100_000, Digest.of(b"w" * 100_000).hex)]
    (folder / "tidegate.lock").write_bytes(encode_lock(lock))
    assert read_lock(folder) == lock


def test_image_is_locked_to_the_digest_of_now(place: Place, folder: Path) -> None:
    """And its Python is found by looking into it."""
    lock = place.lock(folder, IMAGE)
    registry = place.repositories["registry.acme.example/python"]
    assert lock.base.digest == registry.get_manifest("3.12").digest
    assert lock.base.python == "3.12"
    assert "resolve python 3.12 linux/amd64" in place.asked


def test_pins_are_kept_until_an_upgrade(place: Place, folder: Path) -> None:
    """A tag that moved is no reason to move a lock; an unchanged input asks nobody."""
    lock = place.lock(folder, IMAGE)
    registry = place.repositories["registry.acme.example/python"]
    assert isinstance(registry, Layout)
    make_image(registry, [make_layer({**PYTHON, "new": b""})], command=["x"], tag="3.12")
    place.asked.clear()
    assert place.lock(folder, IMAGE, lock) == lock
    assert place.asked == []
    other = replace(IMAGE, build=replace(IMAGE.build, indexes=()), weights=())
    assert place.lock(folder, other, lock).base.digest == lock.base.digest
    assert place.lock(folder, IMAGE, lock, upgrade=True).base.digest == registry.get_manifest("3.12").digest


def test_changed_weights_are_locked_anew(place: Place, folder: Path) -> None:
    """Without asking for packages."""
    lock = place.lock(folder)
    place.asked.clear()
    (folder / "weights/model.bin").write_bytes(b"new")
    changed = place.lock(folder, previous=lock)
    assert changed.weights != lock.weights
    assert changed.platforms == lock.platforms
    assert place.asked == []


def test_only_inputs_make_a_lock_stale(place: Place, folder: Path) -> None:
    """Code doesn't; requirements do, and then the next step is said."""
    lock = place.lock(folder)
    (folder / "app.py").write_text("changed")
    assert not is_stale(lock, CONFIG, folder)
    assert require_fresh(lock, CONFIG, folder) is lock
    (folder / "requirements.txt").write_text("other==2\n")
    assert is_stale(lock, CONFIG, folder)
    for given in (lock, None):
        with pytest.raises(LockError) as caught:
            require_fresh(given, CONFIG, folder)
        assert caught.value.hint == "run: tidegate lock"


def test_layout_is_locked_to_its_one_image(place: Place, folder: Path) -> None:
    """None or several are refused."""
    config = with_build(base=Base(layout="base"), requirements=None)
    with pytest.raises(ConfigError, match=r"build\.base\.layout"):
        place.lock(folder, config)
    image = make_image(Layout(folder / "base"), [make_layer({})], command=["x"])
    assert place.lock(folder, config).base.digest == image.digest
    make_image(Layout(folder / "base"), [make_layer({"a": b""})], command=["x"])
    with pytest.raises(ConfigError, match="2 images"):
        place.lock(folder, config)


def test_requirements_need_a_python(place: Place, folder: Path) -> None:
    """A base without one is refused before anything is resolved."""
    make_image(Layout(folder / "base"), [make_layer({})], command=["x"])
    with pytest.raises(ConfigError, match="no python3"):
        place.lock(folder, with_build(base=Base(layout="base")))


def test_configured_sha256_is_checked(place: Place, folder: Path) -> None:
    """A wrong file never gets into a lock."""
    wrong = Weights(name="main", source="weights/model.bin", path="/m", sha256="0" * 64)
    with pytest.raises(VerificationError, match="sha256"):
        place.lock(folder, replace(CONFIG, weights=(wrong,)))
