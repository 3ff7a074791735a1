from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.images import make_image, make_layer
from tests.integration.build.models import CONFIG, Place, replace, with_build, write_model

from tidegate.build.builder import Built
from tidegate.errors import ConfigError, LockError
from tidegate.oci import media_types
from tidegate.oci.digest import Digest
from tidegate.oci.image import Image
from tidegate.oci.layout import Layout
from tidegate.oci.store import read_blob
from tidegate.project.config import Base, Config, Weights

TWO = with_build(platforms=("linux/amd64", "linux/arm64"))


def reasons(built: Built) -> list[tuple[str, bool]]:
    return [(new.reason, new.reused) for new in built.platforms[0].layers]


def layers(image: Image) -> list[Digest]:
    return [layer.descriptor.digest for layer in image.layers]


def merged(image: Image) -> dict[str, bytes | None]:
    return {entry.path: content.read() if content else None for _, entry, content in image.files()}


def test_folder_becomes_an_image(tmp_path: Path) -> None:
    """System packages, Python packages, weights and code, each a layer with its reason."""
    place, folder = Place(tmp_path / "home"), write_model(tmp_path / "model")
    built = place.build(folder)
    assert [reason for reason, _ in reasons(built)] == [
        "Debian packages (1)", "python sample 1.0", "weights main", "code",
    ]  # fmt: skip
    image = place.image(built)
    files = merged(image)
    assert files["app/app.py"] == b"print('hello')\n"
    assert files["models/model.bin"] == b"w" * 100_000
    assert files["usr/local/lib/python3.11/dist-packages/sample/__init__.py"] == b"VALUE = 1\n"
    assert files["usr/bin/python3.11"] == b"#!"
    config = image.config
    assert (config.config.cmd, config.config.entrypoint) == (("python3", "app.py"), None)
    assert (config.config.user, config.config.working_dir) == ("65532:65532", "/app")
    assert config.config.env[0].startswith("PATH=/usr/local/sbin:")
    assert config.created == "2026-01-02T03:04:05Z"
    assert image.manifest.annotations["commit"] == "c0ffee"


def test_blobs_are_what_their_digests_say(tmp_path: Path) -> None:
    """Each blob and each tar inside; weights are stored uncompressed, the rest as gzip."""
    place, folder = Place(tmp_path / "home"), write_model(tmp_path / "model")
    image = place.image(place.build(folder))
    for layer in image.layers:
        blob = read_blob(place.store, layer.descriptor.digest, 1 << 20)
        assert len(blob) == layer.descriptor.size
        with image.open_layer(layer) as stream:
            assert Digest.of(stream.read()) == layer.diff_id
    assert [layer.descriptor.media_type for layer in image.layers] == [
        media_types.LAYER_GZIP, media_types.LAYER_GZIP, media_types.LAYER, media_types.LAYER_GZIP,
    ]  # fmt: skip


def test_weights_are_not_copied(tmp_path: Path) -> None:
    """Nothing in the home holds their bytes."""
    place, folder = Place(tmp_path / "home"), write_model(tmp_path / "model")
    place.build(folder)
    assert not [path for path in place.home.rglob("*") if path.is_file() and b"w" * 1000 in path.read_bytes()]


@pytest.mark.parametrize("config", [CONFIG, TWO])
def test_two_clones_give_one_digest(tmp_path: Path, config: Config) -> None:
    """Two folders under two umasks at two times, on two machines."""
    before = os.umask(0o077)
    try:
        one, there = Place(tmp_path / "1"), write_model(tmp_path / "here", 0o600)
        first = one.build(there, config)
        os.umask(0o002)
        two, elsewhere = Place(tmp_path / "2"), write_model(tmp_path / "else" / "where", 0o664)
        for path in elsewhere.rglob("*"):
            os.utime(path, (1, 1))
        second = two.build(elsewhere, config)
    finally:
        os.umask(before)
    assert first.descriptor == second.descriptor


def test_change_of_code_changes_the_code_layer_alone(tmp_path: Path) -> None:
    """All other layers keep their digest, and nothing is fetched or made again."""
    place, folder = Place(tmp_path / "home"), write_model(tmp_path / "model")
    lock = place.lock(folder)
    before = place.image(place.build(folder, lock=lock))
    place.asked.clear()
    (folder / "app.py").write_text("print('changed')\n")
    built = place.build(folder, lock=lock)
    after = place.image(built)
    assert layers(after)[:-1] == layers(before)[:-1]
    assert layers(after)[-1] != layers(before)[-1]
    assert place.asked == []
    assert {reason for reason, reused in reasons(built) if not reused} <= {"code", "weights main"}


def test_platforms_become_an_index(tmp_path: Path) -> None:
    """Both from one machine; code and weights are the same layers."""
    place, folder = Place(tmp_path / "home"), write_model(tmp_path / "model")
    built = place.build(folder, TWO)
    amd, arm = place.images(built)
    assert built.descriptor.media_type == media_types.INDEX
    assert [str(image.platform) for image in (amd, arm)] == ["linux/amd64", "linux/arm64"]
    assert layers(amd)[-2:] == layers(arm)[-2:]


def layout_base(folder: Path) -> Digest:
    layer = make_layer({"etc": None, "etc/base": b"1", "lib": "usr/lib", "usr": None, "usr/lib": None})
    return make_image(Layout(folder / "base"), [layer], command=["old"], env={"A": "1"}).digest


def test_base_may_be_a_layout(tmp_path: Path) -> None:
    """Its layers come first, its variables stay, its command goes."""
    place, folder = Place(tmp_path / "home"), write_model(tmp_path / "model")
    digest = layout_base(folder)
    config = with_build(base=Base(layout="base"), requirements=None)
    built = place.build(folder, config)
    image = place.image(built)
    assert [reason for reason, _ in reasons(built)] == ["base", "weights main", "code"]
    assert merged(image)["etc/base"] == b"1"
    assert (image.config.config.env, image.config.config.cmd) == (("A=1",), ("python3", "app.py"))
    assert image.manifest.annotations["org.opencontainers.image.base.digest"] == digest


def test_file_behind_a_link_of_the_base_leaves_the_link(tmp_path: Path) -> None:
    """/lib stays a link to /usr/lib when weights go below it."""
    place, folder = Place(tmp_path / "home"), write_model(tmp_path / "model")
    layout_base(folder)
    config = replace(
        with_build(base=Base(layout="base"), requirements=None),
        weights=(Weights(name="main", source="weights/model.bin", path="/lib/model.bin"),),
    )
    image = place.image(place.build(folder, config))
    assert "usr/lib/model.bin" in merged(image)
    assert {entry.path: entry.kind for _, entry, _ in image.files()}["lib"] == "symlink"


def test_missing_library_stops_the_build(tmp_path: Path) -> None:
    """The wheel's file, the library, and the package to add."""
    place, folder = Place(tmp_path / "home", needed=["libstdc++.so.6"]), write_model(tmp_path / "model")
    with pytest.raises(ConfigError, match=r"sample/native\.so needs libstdc\+\+\.so\.6") as caught:
        place.build(folder)
    assert "libstdc++6" in caught.value.hint
    assert place.store.index().manifests == ()


def test_weights_other_than_the_locks_stop_the_build(tmp_path: Path) -> None:
    """The lock says which bytes were meant."""
    place, folder = Place(tmp_path / "home"), write_model(tmp_path / "model")
    lock = place.lock(folder)
    (folder / "weights/model.bin").write_bytes(b"other")
    with pytest.raises(LockError, match=r"weights/model\.bin is not the file that was locked"):
        place.build(folder, lock=lock)


def test_platform_that_is_not_locked_stops_the_build(tmp_path: Path) -> None:
    """A lock for another set of platforms is not enough."""
    place, folder = Place(tmp_path / "home"), write_model(tmp_path / "model")
    with pytest.raises(LockError, match="nothing is locked for linux/arm64"):
        place.build(folder, TWO, place.lock(folder))


def test_other_python_than_asked_for_stops_the_lock(tmp_path: Path) -> None:
    """build.python is checked against the base before anything is resolved for it."""
    place, folder = Place(tmp_path / "home"), write_model(tmp_path / "model")
    with pytest.raises(ConfigError, match=r"3\.12 is asked for, but bookworm has Python 3\.11"):
        place.lock(folder, with_build(python="3.12"))


def test_more_weights_than_layers_are_refused(tmp_path: Path) -> None:
    """The limit is said before anything is hashed."""
    place, folder = Place(tmp_path / "home"), write_model(tmp_path / "model")
    many = tuple(Weights(name=f"w{n}", source="weights/model.bin", path=f"/models/{n}") for n in range(60))
    with pytest.raises(ConfigError, match="60 are possible"):
        place.build(folder, replace(CONFIG, weights=many))
