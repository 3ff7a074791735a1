from __future__ import annotations

import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.images import make_image, make_layer

from tidegate.distribution.progress import Silent
from tidegate.errors import TagConflict
from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.layout import Layout
from tidegate.oci.local import LocalStore
from tidegate.oci.reference import Reference
from tidegate.project.verdict import Verdict
from tidegate.release import publication
from tidegate.release.destinations import Target
from tidegate.release.interruption import deferred
from tidegate.release.publication import Place
from tidegate.release.tags import Tag
from tidegate.trace import evidence

COMMIT = "ab" * 20
FIXED = Tag(f"sha-{COMMIT}", fixed=True)
MAIN = Tag("main", fixed=False)


@pytest.fixture
def local(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "local")


@pytest.fixture
def there(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "there")


def place(store: Layout, *tags: Tag, extra: str | None = None) -> Place:
    return publication.place(Target(Reference("r.example", "digits"), extra), store, tags, COMMIT)


def image(store: Layout, content: bytes) -> Descriptor:
    return make_image(store, [make_layer({"a": content})], command=["x"]).descriptor


def test_the_commit_s_own_tag_moves_last(there: Layout) -> None:
    """What was cut off between two tags is then never taken for finished; a tag named twice moves once."""
    found = place(there, FIXED, MAIN, extra="main")
    assert [tag.name for tag in found.tags] == ["main", f"sha-{COMMIT}"]


def test_references_are_by_tag_and_by_digest(there: Layout, local: LocalStore) -> None:
    """The digest's comes last, as it never changes its meaning."""
    made = image(local, b"1")
    assert place(there, FIXED, MAIN).references(made) == (
        "r.example/digits:main",
        f"r.example/digits:sha-{COMMIT}",
        f"r.example/digits@{made.digest}",
    )


def test_sending_touches_no_tag(there: Layout, local: LocalStore) -> None:
    """Tags move only when everything is there."""
    made = image(local, b"1")
    found = place(there, FIXED, MAIN)
    publication.send(found, made, local, Silent())
    assert there.tags() == []
    assert not publication.is_tagged(found, made, local)
    publication.move_tags([found], made, local)
    assert there.tags() == ["main", f"sha-{COMMIT}"]
    assert publication.is_tagged(found, made, local)


def test_a_fixed_tag_on_another_image_is_a_conflict_with_its_difference(there: Layout, local: LocalStore) -> None:
    """A tag that follows a branch moves on."""
    first, second = image(local, b"1"), image(local, b"2")
    publication.send(place(there), first, local, Silent())
    publication.move_tags([place(there, FIXED, MAIN)], first, local)
    assert not publication.is_tagged(place(there, MAIN), second, local)
    with pytest.raises(TagConflict, match=rf"sha-{COMMIT}: is on {first.digest}.*layer 1 .*differs"):
        publication.is_tagged(place(there, FIXED), second, local)


def test_evidence_that_is_missing_is_named(there: Layout, local: LocalStore) -> None:
    """By its kind."""
    made = image(local, b"1")
    publication.send(place(there), made, local, Silent())
    assert publication.missing_evidence(place(there), made, ("sbom", "test")) == ("sbom", "test")


@pytest.mark.parametrize("verdict", Verdict)
def test_what_was_published_counts_unless_a_gate_had_failed(there: Layout, local: LocalStore, verdict: Verdict) -> None:
    """What was incomplete then is still named."""
    made = image(local, b"1")
    found = place(there, FIXED)
    publication.send(found, made, local, Silent())
    assert publication.published([found], COMMIT, ("scan",)) is None
    publication.move_tags([found], made, local)
    assert publication.published([found], COMMIT, ("scan",)) is None
    evidence.attach(there, made, media_types.SCAN_REPORT, b"{}", created=datetime.now(UTC), verdict=verdict)
    image_there = publication.published([found], COMMIT, ("scan",))
    assert (image_there is None) == (verdict is Verdict.FAILED)
    undone = publication.incomplete_evidence([found], made, ("scan",))
    assert undone == (() if verdict is Verdict.PASSED else ("scan",))


class Interrupted(Layout):
    """Somebody presses Ctrl-C as soon as the first tag moves."""

    def put_manifest(self, data: bytes, media_type: str, tag: str | None = None) -> Descriptor:
        if tag == "main":
            signal.raise_signal(signal.SIGINT)
        return super().put_manifest(data, media_type, tag)


def test_an_interruption_between_two_tags_waits_until_all_have_moved(tmp_path: Path, local: LocalStore) -> None:
    """Nothing is left half-tagged."""
    made = image(local, b"1")
    there = Interrupted(tmp_path / "there")
    found = place(there, FIXED, MAIN)
    publication.send(found, made, local, Silent())
    with pytest.raises(KeyboardInterrupt), deferred():
        publication.move_tags([found], made, local)
    assert there.tags() == ["main", f"sha-{COMMIT}"]
