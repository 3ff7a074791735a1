from __future__ import annotations

from pathlib import Path

import pytest
from tests.images import make_image, make_layer

from tidegate.cli.context import Context
from tidegate.cli.images import is_folder, locate, parse_digest, project_of
from tidegate.errors import NotFoundError, UsageError
from tidegate.oci.archive import write_archive
from tidegate.oci.digest import Digest
from tidegate.oci.layout import Layout

CONFIG = "tidegate: 1\nmodel: {name: digits}\n"


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Context({"TIDEGATE_HOME": str(tmp_path / "home"), "HOME": str(tmp_path)})


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """With one image, tagged `one`."""
    store = Layout(tmp_path / "lay:out")
    make_image(store, [make_layer({"a": b"1"})], command=["x"], tag="one")
    return store


def only(layout: Layout) -> Digest:
    return layout.index().manifests[0].digest


def test_the_only_image_of_a_layout_needs_no_name(context: Context, layout: Layout) -> None:
    """A colon in the path is no tag."""
    assert locate(f"oci:{layout.path}", context).reference == only(layout)


def test_an_image_of_a_layout_is_named_by_its_tag(context: Context, layout: Layout) -> None:
    """Behind a colon; one that is not there is named, with those that are."""
    make_image(layout, [make_layer({"a": b"2"})], command=["x"], tag="two")
    assert locate(f"oci:{layout.path}:two", context).reference == "two"
    with pytest.raises(UsageError, match="2 images") as several:
        locate(f"oci:{layout.path}", context)
    assert "one, two" in several.value.hint
    with pytest.raises(NotFoundError, match="no tag three") as missing:
        locate(f"oci:{layout.path}:three", context)
    assert "one, two" in missing.value.hint


def test_an_archive_is_read_where_it_lies(context: Context, layout: Layout, tmp_path: Path) -> None:
    """Without unpacking it."""
    with (tmp_path / "a.tar").open("wb") as file:
        write_archive(layout, only(layout), "digits:latest", file.write)
    found = locate(f"docker-archive:{tmp_path / 'a.tar'}", context)
    assert found.store.get_manifest(found.reference).digest == only(layout)


def test_a_digest_is_one_of_the_local_store(context: Context) -> None:
    """Whether it is there is asked later."""
    digest = Digest.of(b"image")
    assert locate(digest, context).reference == digest


@pytest.mark.parametrize(
    ("text", "reference"),
    [("r.example/a", "latest"), ("r.example/a:1", "1"), (f"r.example/a@{Digest.of(b'x')}", Digest.of(b"x"))],
)
def test_anything_else_is_a_registry_s(context: Context, text: str, reference: str) -> None:
    """Nothing is asked of it yet."""
    assert locate(text, context).reference == reference


@pytest.mark.parametrize("text", ["oci:nowhere", "docker-archive:nowhere.tar", "oci:"])
def test_a_place_that_is_not_there_is_named(context: Context, text: str) -> None:
    """Not called a broken one."""
    with pytest.raises(NotFoundError):
        locate(text, context)


@pytest.mark.parametrize("text", ["", "sha256:abc", "Upper/Case", "r.example/a@sha256:abc"])
def test_what_names_no_image_is_wrong_usage(context: Context, text: str) -> None:
    """An empty text most of all: an unset variable must not mean this folder."""
    with pytest.raises(UsageError):
        locate(text, context)


def test_a_typed_digest_is_checked() -> None:
    """It is the typist's mistake, not broken content."""
    assert parse_digest(str(Digest.of(b"x"))) == Digest.of(b"x")
    with pytest.raises(UsageError, match="not a digest"):
        parse_digest("sha256:ABC")


def test_paths_are_folders_even_where_none_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A typo in a path must not be looked for on Docker Hub."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model").mkdir()
    assert all(map(is_folder, ["model", "./typo", "/typo", "~/typo", "typo/"]))
    assert not is_folder("typo")


def test_a_configuration_is_the_named_one_else_this_folder_s(
    context: Context, layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or none."""
    located = locate(f"oci:{layout.path}", context)
    monkeypatch.chdir(tmp_path)
    assert project_of(located, None, context) is None
    (tmp_path / "tidegate.yaml").write_text(CONFIG)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "tidegate.yaml").write_text(CONFIG.replace("digits", "letters"))
    here, named = project_of(located, None, context), project_of(located, "other", context)
    assert here is not None
    assert named is not None
    assert (here.config.model.name, named.config.model.name) == ("digits", "letters")
