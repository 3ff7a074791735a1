from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.errors import ContentError, SourceChanged
from tidegate.oci.recipe import FilePart, Literal, Recipe


def recipe_of(folder: Path, *parts: bytes) -> Recipe:
    """Literals and files in turn."""
    made: list[Literal | FilePart] = []
    for number, data in enumerate(parts):
        if number % 2:
            path = folder / str(number)
            path.write_bytes(data)
            made.append(FilePart.of(path))
        else:
            made.append(Literal(data))
    return Recipe(tuple(made))


@settings(max_examples=30)
@given(st.lists(st.binary(max_size=20), max_size=6), st.integers(0, 130), st.integers(1, 40))
def test_reading_from_any_offset_gives_the_joined_bytes(
    tmp_path_factory: pytest.TempPathFactory, parts: list[bytes], offset: int, step: int
) -> None:
    """A recipe reads like its parts joined, whatever the offset and the size of reads."""
    recipe = recipe_of(tmp_path_factory.mktemp("recipe"), *parts)
    whole = b"".join(parts)
    assert recipe.size == len(whole)
    with recipe.open(offset) as stream:
        read = b"".join(iter(lambda: stream.read(step) or b"", b""))
    assert read == whole[offset:]


def test_recipe_survives_the_round_trip(tmp_path: Path) -> None:
    """A stored recipe is the same when it is read back."""
    recipe = recipe_of(tmp_path, b"head", b"weights", b"\0" * 10)
    assert Recipe.from_json(recipe.to_json(), "here") == recipe


@pytest.mark.parametrize("data", [b"", b"{}", b'{"parts":[{"type":"shell","data":""}]}', b"\xff"])
def test_broken_recipe_names_its_file(data: bytes) -> None:
    """A torn recipe file is a content error."""
    with pytest.raises(ContentError, match="here"):
        Recipe.from_json(data, "here")


def test_changed_file_is_found_before_it_is_read(tmp_path: Path) -> None:
    """Other bytes of the same size are noticed by the file's times."""
    recipe = recipe_of(tmp_path, b"", b"weights")
    (tmp_path / "1").write_bytes(b"WEIGHTS")
    with pytest.raises(SourceChanged, match="changed since"):
        recipe.check()
    with pytest.raises(SourceChanged), recipe.open() as stream:
        stream.read()


def test_missing_file_is_named(tmp_path: Path) -> None:
    """The path of the file that has gone is in the message."""
    recipe = recipe_of(tmp_path, b"", b"weights")
    (tmp_path / "1").unlink()
    with pytest.raises(SourceChanged, match=str(tmp_path / "1")):
        recipe.check()


def test_file_that_changes_while_it_is_read_is_found_at_its_end(tmp_path: Path) -> None:
    """A file is compared again when it is left."""
    recipe = recipe_of(tmp_path, b"", b"weights" * 10, b"tail")
    with recipe.open() as stream:
        stream.read(7)
        os.utime(tmp_path / "1", ns=(1, 1))
        with pytest.raises(SourceChanged, match="changed"):
            stream.readall()


def test_file_that_shrinks_while_it_is_read_is_found(tmp_path: Path) -> None:
    """No endless loop at an early end of file."""
    recipe = recipe_of(tmp_path, b"", b"weights" * 10)
    with recipe.open() as stream:
        stream.read(7)
        os.truncate(tmp_path / "1", 7)
        with pytest.raises(SourceChanged, match="shorter"):
            stream.read(7)
