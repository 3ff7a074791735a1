from __future__ import annotations

from pathlib import Path

import pytest

from tidegate.build import weights
from tidegate.errors import ConfigError
from tidegate.project.config import Weights

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 5\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    model = tmp_path / "model"
    (model / "weights" / "sub").mkdir(parents=True)
    for name in ("b.bin", "a.bin", "sub/c.bin", "notes.txt", ".gitattributes"):
        (model / "weights" / name).write_bytes(b"data")
    return model


def entry(source: str = "weights", path: str = "/models", **more: tuple[str, ...]) -> Weights:
    return Weights(
        name="main", source=source, path=path, include=more.get("include", ()), exclude=more.get("exclude", ())
    )


def find(wanted: Weights, folder: Path) -> dict[str, str]:
    found = weights.find(wanted, weights.local_source(wanted, folder), folder)
    return {file.path: file.target for file in found}


def test_files_of_a_folder_come_in_name_order(folder: Path) -> None:
    """All of them, but for git's own."""
    assert list(find(entry(), folder).items()) == [
        ("a.bin", "models/a.bin"),
        ("b.bin", "models/b.bin"),
        ("notes.txt", "models/notes.txt"),
        ("sub/c.bin", "models/sub/c.bin"),
    ]


def test_include_and_exclude_choose(folder: Path) -> None:
    """Both are patterns as in .dockerignore."""
    assert list(find(entry(include=("**/*.bin",), exclude=("sub",)), folder)) == ["a.bin", "b.bin"]


@pytest.mark.parametrize(("path", "target"), [("/models/x", "models/x"), ("/models/", "models/a.bin"), ("/x", "x")])
def test_one_file_goes_where_it_is_told(folder: Path, path: str, target: str) -> None:
    """A path that ends in a slash is a folder."""
    assert find(entry("weights/a.bin", path), folder) == {".": target}


@pytest.mark.parametrize(
    ("change", "wanted", "message"),
    [
        (lambda f: None, entry("missing.bin"), "no such file"),
        (lambda f: None, entry(include=("*.pt",)), "no file in it is chosen"),
        (lambda f: (f / "weights/a.bin").write_bytes(b""), entry("weights/a.bin"), "is empty"),
        (lambda f: (f / "weights/a.bin").write_bytes(POINTER), entry("weights/a.bin"), "git-lfs pointer"),
        (lambda f: (f / "weights/a.bin").write_bytes(POINTER), entry(), "git-lfs pointer"),
        (lambda f: (f / "weights/x").symlink_to("/etc/passwd"), entry(), "outside the model's folder"),
        (lambda f: (f / "weights/x").symlink_to("../../x"), entry("weights/x"), "no such file|outside"),
        (lambda f: (f / "weights/x").symlink_to("sub"), entry(), "not a file"),
        (lambda f: (f / "weights/x").symlink_to("gone"), entry(), "No such file"),
    ],
)  # fmt: skip
def test_what_can_not_be_weights_is_refused(folder: Path, change: object, wanted: Weights, message: str) -> None:
    """Each names the entry and the file."""
    assert callable(change)
    change(folder)
    with pytest.raises(ConfigError, match=message) as caught:
        find(wanted, folder)
    assert "main" in caught.value.message


def test_pointer_says_how_to_get_the_file(folder: Path) -> None:
    """The next step is git-lfs's own."""
    (folder / "weights/a.bin").write_bytes(POINTER)
    with pytest.raises(ConfigError) as caught:
        find(entry(), folder)
    assert caught.value.hint == "run: git lfs pull"


def test_link_inside_the_folder_is_its_file(folder: Path) -> None:
    """As caches of model hubs have them."""
    (folder / "blob").write_bytes(b"other")
    (folder / "weights/x").symlink_to("../blob")
    assert "x" in find(entry(), folder)


def test_source_outside_the_folder_may_be_named(folder: Path, tmp_path: Path) -> None:
    """Weights that are too large for the repository lie elsewhere; the lock holds their digest."""
    (tmp_path / "big.bin").write_bytes(b"big")
    assert find(entry(str(tmp_path / "big.bin"), "/models/big"), folder) == {".": "models/big"}
    assert find(entry("../big.bin", "/models/big"), folder) == {".": "models/big"}
