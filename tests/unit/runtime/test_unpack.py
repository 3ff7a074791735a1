"""Layers applied to a folder: whiteouts, links, and nothing outside of it."""

from __future__ import annotations

import contextlib
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.images import Item, make_layer

from tidegate.errors import ContentError
from tidegate.oci.layer import read_layer
from tidegate.runtime.unpack import Tree

NAMES = st.sampled_from(["a", "b", "c", ".wh.a", ".wh.b", ".wh..wh..opq"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
ITEMS = st.one_of(
    st.binary(max_size=4), st.none(), st.sampled_from(["/", "..", "../..", "/etc", "a", "b/c", "../../outside", "."])
)


def apply(root: Path, *layers: dict[str, Item]) -> None:
    """Unpack layers one upon the other."""
    tree = Tree(root, owners=False, where="image")
    for items in layers:
        tree.begin_layer()
        for entry, content in read_layer(io.BytesIO(make_layer(items)), "layer"):
            tree.place(entry, content)


def seen(root: Path) -> set[str]:
    """Every path below the root."""
    return {str(path.relative_to(root)) for path in root.rglob("*")}


def test_link_out_of_root(tmp_path: Path) -> None:
    """A symbolic link to a folder outside is followed inside the root only."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    apply(root, {"a": str(outside), "a/passwd": b"evil"}, {"b": "../outside", "b/shadow": b"evil"})
    assert list(outside.iterdir()) == []
    assert (root / str(outside).lstrip("/") / "passwd").read_bytes() == b"evil"


def test_file_over_link(tmp_path: Path) -> None:
    """A file takes the place of a symbolic link of its name, and is not written through it."""
    target = tmp_path / "target"
    target.write_text("mine")
    root = tmp_path / "root"
    root.mkdir()
    apply(root, {"a": str(target)}, {"a": b"theirs"})
    assert target.read_text() == "mine"
    assert (root / "a").read_bytes() == b"theirs"


def test_folder_link_of_lower_layer(tmp_path: Path) -> None:
    """A file below a symbolic link of a lower layer goes where the link leads."""
    apply(tmp_path, {"usr/bin": None, "bin": "usr/bin"}, {"bin/tool": b"x"})
    assert (tmp_path / "usr/bin/tool").read_bytes() == b"x"
    assert (tmp_path / "bin").is_symlink()


def test_whiteouts(tmp_path: Path) -> None:
    """A whiteout removes from the layers below, an opaque one all but its own layer's entries."""
    apply(
        tmp_path,
        {"a": b"1", "b/c": b"2", "b/d": b"3", "e/f": b"4"},
        {".wh.a": b"", "b/.wh.c": b"", "e/new": b"5", "e/.wh..wh..opq": b""},
    )
    assert seen(tmp_path) == {"b", "b/d", "e", "e/new"}


def test_whiteout_through_link(tmp_path: Path) -> None:
    """A whiteout below a symbolic link removes nothing outside."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "keep").touch()
    root = tmp_path / "root"
    root.mkdir()
    apply(root, {"a": str(outside)}, {"a/.wh.keep": b"", "a/.wh..wh..opq": b""})
    assert (outside / "keep").exists()


def test_loop(tmp_path: Path) -> None:
    """Symbolic links in a circle are an error that names the path."""
    with pytest.raises(ContentError, match="'a/x' goes through more than 40"):
        apply(tmp_path, {"a": "b", "b": "a", "a/x/y": b""})


def test_through_file(tmp_path: Path) -> None:
    """A path through a file is an error."""
    with pytest.raises(ContentError, match="which is not a folder"):
        apply(tmp_path, {"a": b"", "a/b": b""})


@given(st.lists(st.dictionaries(PATHS, ITEMS, max_size=5), max_size=3))
def test_never_outside(layers: list[dict[str, Item]]) -> None:
    """Whatever the layers hold, nothing outside of the root is made, changed or removed."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for path in (place / "outside", place / "x" / "root"):
            path.mkdir(parents=True)
        (place / "outside" / "a").write_text("mine")
        with contextlib.suppress(ContentError):
            apply(place / "x" / "root", *layers)
        assert {path.name for path in place.iterdir()} == {"outside", "x"}
        assert [path.name for path in (place / "x").iterdir()] == ["root"]
        assert [path.name for path in (place / "outside").iterdir()] == ["a"]
        assert (place / "outside" / "a").read_text() == "mine"
