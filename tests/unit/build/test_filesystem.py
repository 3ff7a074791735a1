from __future__ import annotations

import pytest

from tidegate.build.contents import Item
from tidegate.build.filesystem import Filesystem
from tidegate.oci.layer import DIRECTORY, FILE, SYMLINK


def folder(path: str) -> Item:
    return Item(path, DIRECTORY)


def file(path: str) -> Item:
    return Item(path, FILE)


def link(path: str, target: str) -> Item:
    return Item(path, SYMLINK, target)


@pytest.mark.parametrize(
    ("upper", "expected"),
    [
        ((file("d/b"),), {"d", "d/a", "d/b"}),
        ((file("d/.wh.a"),), {"d"}),
        ((file(".wh.d"),), set()),
        ((file("d/.wh..wh..opq"), file("d/b")), {"d", "d/b"}),
        ((file("d"),), {"d"}),
        ((file("d/.wh.a"), file("d/a")), {"d", "d/a"}),
    ],
)
def test_upper_layer_hides_what_lies_below(upper: tuple[Item, ...], expected: set[str]) -> None:
    """Whiteouts, opaque folders and replaced folders, as the image specification has them."""
    assert set(Filesystem([(folder("d"), file("d/a")), upper]).items) == expected


FILES = Filesystem(
    [
        (
            folder("usr"),
            folder("usr/lib"),
            link("lib", "usr/lib"),
            file("usr/lib/a.so.1"),
            link("usr/lib/a.so", "a.so.1"),
            link("usr/up", "../lib/a.so"),
            link("abs", "/usr/lib"),
            link("loop", "loop"),
            link("gone", "nowhere"),
        )
    ]
)


@pytest.mark.parametrize(
    ("path", "resolved"),
    [
        ("/usr/lib/a.so.1", "usr/lib/a.so.1"),
        ("/lib/a.so", "usr/lib/a.so.1"),
        ("usr/up", "usr/lib/a.so.1"),
        ("/abs/../lib/a.so", "usr/lib/a.so.1"),
        ("/lib/./a.so", "usr/lib/a.so.1"),
        ("/loop", None),
        ("/gone", None),
        ("/usr/lib/b.so", None),
        ("/../usr", "usr"),
    ],
)
def test_names_are_followed_through_links(path: str, resolved: str | None) -> None:
    """Relative, absolute and folder links; circles and dead ends lead nowhere."""
    assert FILES.resolve(path) == resolved


@pytest.mark.parametrize(
    ("path", "place"), [("lib/x", "usr/lib/x"), ("abs/new/x", "usr/lib/new/x"), ("models/x", "models/x"), ("x", "x")]
)
def test_new_entry_is_placed_behind_links(path: str, place: str) -> None:
    """A file below a linked folder never turns the link into a folder."""
    assert FILES.place(path) == place


def test_folder_is_known_with_its_mode() -> None:
    """What a layer above must keep."""
    files = Filesystem([(Item("tmp", DIRECTORY, mode=0o1777), file("x"))])
    entry = files.folder("tmp")
    assert entry is not None
    assert entry.mode == 0o1777
    assert files.folder("x") is None
