"""Images unpacked once, with weights that stay where they lie."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.images import make_image, make_layer, put_weights

from tidegate.errors import ContentError, SourceChanged
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.image import Image
from tidegate.oci.local import LocalStore
from tidegate.runtime.rootfs import Root, Unpacker


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A weight file that is large enough to be mounted."""
    path = tmp_path / "model.bin"
    path.write_bytes(bytes(2 << 20))
    return path


def image(tmp_path: Path, weights: Path, code: bytes, *more: bytes) -> Image:
    """Base, weights and code; and layers above them."""
    store = LocalStore(tmp_path / "store")
    base = make_layer({"lib/base.txt": b"base", "models": "srv/models", "srv/models": None})
    code_layer = make_layer({"app/main.py": code})
    layers: list[bytes | Descriptor] = [base, put_weights(store, "models/model.bin", weights), code_layer, *more]
    return make_image(store, layers, command=["/bin/true"])


def unpack(tmp_path: Path, subject: Image) -> Root:
    """Unpacked as a plain user would."""
    return Unpacker(tmp_path / "cache", owners=False).unpack(subject)


def test_weights_are_mounted(tmp_path: Path, weights: Path) -> None:
    """A weight file is not copied: there is an empty file to mount it on, its path free of links."""
    root = unpack(tmp_path, image(tmp_path, weights, b"1"))
    assert [(mount.source, mount.target) for mount in root.mounts] == [(str(weights), "/srv/models/model.bin")]
    assert (root.path / "srv/models/model.bin").stat().st_size == 0
    assert (root.path / "app/main.py").read_bytes() == b"1"


def test_weights_replaced_above(tmp_path: Path, weights: Path) -> None:
    """What a layer above replaces or removes is not mounted."""
    for items in ({"srv/models/model.bin": b"other"}, {"srv/models/.wh.model.bin": b""}, {"srv/.wh.models": b""}):
        assert unpack(tmp_path, image(tmp_path, weights, b"1", make_layer(dict(items)))).mounts == ()


def test_unpacked_once(tmp_path: Path, weights: Path) -> None:
    """The same image is unpacked once; another with the same lower layers shares their files."""
    one = unpack(tmp_path, image(tmp_path, weights, b"1"))
    assert unpack(tmp_path, image(tmp_path, weights, b"1")).path == one.path
    other = unpack(tmp_path, image(tmp_path, weights, b"2"))
    assert other.path != one.path
    assert (other.path / "lib/base.txt").samefile(one.path / "lib/base.txt")
    assert (one.path / "app/main.py").read_bytes() == b"1"


def test_moved_weights(tmp_path: Path, weights: Path) -> None:
    """An unpacked image mounts weights from where they lie now."""
    unpack(tmp_path, image(tmp_path, weights, b"1"))
    moved = tmp_path / "moved.bin"
    weights.rename(moved)
    root = unpack(tmp_path, image(tmp_path, moved, b"1"))
    assert [mount.source for mount in root.mounts] == [str(moved)]
    root.check()


def test_changed_weights(tmp_path: Path, weights: Path) -> None:
    """A weight file that changed is named before it is tested in place of the image's."""
    root = unpack(tmp_path, image(tmp_path, weights, b"1"))
    with weights.open("ab") as file:
        file.write(b"more")
    with pytest.raises(SourceChanged, match=r"model\.bin"):
        root.check()


def test_mount_points(tmp_path: Path, weights: Path) -> None:
    """There is a folder for everything that is mounted, and the container's own name is known."""
    root = unpack(tmp_path, image(tmp_path, weights, b"1"))
    assert all((root.path / name).is_dir() for name in ("proc", "sys", "dev", "tmp", "var/tmp", "run"))
    assert "127.0.0.1 localhost model" in (root.path / "etc/hosts").read_text()


def test_no_half_trees(tmp_path: Path, weights: Path) -> None:
    """A broken layer leaves nothing that would be taken for an unpacked image."""
    broken = image(tmp_path, weights, b"1", make_layer({"a": b"x"})[:600])
    with pytest.raises(ContentError, match="broken layer"):
        unpack(tmp_path, broken)
    whole = (tmp_path / "cache" / "plain").iterdir()
    assert not [path.name for path in whole if path.name.startswith(".new")]
