"""From image to commit and back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.unit.trace.samples import (
    COMMIT,
    CONFIG,
    INVOCATION,
    LOCK,
    NOON,
    put_evidence,
    put_image,
    record_of,
)

from tidegate.errors import NotFoundError, UsageError, VerificationError
from tidegate.oci import media_types
from tidegate.oci.digest import Digest
from tidegate.oci.layout import Layout
from tidegate.oci.manifest import Execution, ImageConfig, Index, Manifest, RootFS, encode
from tidegate.oci.store import put_bytes
from tidegate.project.verdict import Verdict
from tidegate.trace.evidence import KINDS, attach
from tidegate.trace.lookup import trace_commit, trace_image
from tidegate.trace.provenance import statement
from tidegate.trace.record import encode_record

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def store(tmp_path: Path) -> Layout:
    """A repository with one released image."""
    made = Layout(tmp_path)
    image = put_image(made, tag=f"sha-{COMMIT}")
    put_image(made, tag="main")
    put_image(made, "f" * 40, tag="other")
    put_evidence(made, image)
    return made


def test_an_image_tells_its_commit_and_its_evidence(store: Layout) -> None:
    """Everything about it comes from the store alone."""
    found = trace_image(store, "main")
    assert (found.verdict, found.commit, found.title, found.version) == (Verdict.PASSED, COMMIT, "digits", "1.4.0")
    assert found.tags == ("main", f"sha-{COMMIT}")
    assert {item.kind for item in found.evidence} == set(KINDS.values())
    assert (found.missing, found.problems) == ((), ())
    assert found.record == record_of(found.digest)
    assert found.provenance is not None
    assert found.provenance.run_url == INVOCATION.url


@pytest.mark.parametrize("commit", [COMMIT, COMMIT[:7], COMMIT[:12].upper()])
def test_a_commit_leads_to_its_image(store: Layout, commit: str) -> None:
    """In full or by its first digits."""
    assert trace_commit(store, commit).digest == trace_image(store, "main").digest


def test_a_beginning_that_several_commits_share_is_refused(store: Layout) -> None:
    """They are named."""
    put_image(store, "0123456" + "0" * 33, tag="sha-0123456" + "0" * 33)
    with pytest.raises(UsageError, match="2 commits: 012345600000, 0123456789ab"):
        trace_commit(store, "0123456")


@pytest.mark.parametrize("commit", ["abc", "main", "0123456g", "", "0" * 65, "../../x"])
def test_something_else_than_a_commit_is_refused(store: Layout, commit: str) -> None:
    """At least seven hex digits."""
    with pytest.raises(UsageError, match="not a commit"):
        trace_commit(store, commit)


@pytest.mark.parametrize("commit", ["e" * 40, "eeeeeee"])
def test_a_commit_without_image_is_not_found(store: Layout, commit: str) -> None:
    """With the question that helps."""
    with pytest.raises(NotFoundError, match=commit) as caught:
        trace_commit(store, commit)
    assert "was this commit released" in caught.value.hint


def test_a_moved_commit_tag_is_caught(store: Layout) -> None:
    """The tag says one commit, the image another."""
    put_image(store, "f" * 40, tag=f"sha-{COMMIT}")
    with pytest.raises(VerificationError, match="f" * 40):
        trace_commit(store, COMMIT)


def test_missing_evidence_is_listed(store: Layout) -> None:
    """An image that was pushed past the gates."""
    found = trace_image(store, "other")
    assert found.verdict is Verdict.INCOMPLETE
    assert found.missing == tuple(KINDS.values())


def test_a_failed_gate_shows(store: Layout) -> None:
    """A rescan that found something later."""
    image = store.get_manifest("main").descriptor
    attach(store, image, media_types.SCAN_REPORT, b"{}", created=LATER, verdict=Verdict.FAILED)
    assert trace_image(store, "main").verdict is Verdict.FAILED


def test_a_dirty_image_says_so(store: Layout) -> None:
    """The commit without the suffix, and the mark."""
    put_image(store, dirty=True, tag="try")
    found = trace_image(store, "try")
    assert (found.commit, found.dirty) == (COMMIT, True)


@pytest.mark.parametrize(
    ("media_type", "data", "problem"),
    [
        (media_types.IN_TOTO, b"{", "provenance sha256:"),
        (media_types.IN_TOTO, b'"' + b"x" * 100, "provenance sha256:"),
        (media_types.RELEASE_RECORD, b"[]", "release record sha256:"),
        (media_types.RELEASE_RECORD, encode_record(record_of(Digest.of(b"x"))), "is about"),
    ],
)
def test_broken_evidence_is_a_problem_not_a_crash(store: Layout, media_type: str, data: bytes, problem: str) -> None:
    """The rest of the trace is still told."""
    image = store.get_manifest("main").descriptor
    attach(store, image, media_type, data, created=LATER, verdict=Verdict.PASSED)
    found = trace_image(store, "main")
    assert found.verdict is Verdict.FAILED
    assert problem in found.problems[0]
    assert found.commit == COMMIT


def test_evidence_that_names_another_commit_is_a_problem(store: Layout) -> None:
    """Both say so: provenance and record."""
    image = store.get_manifest("main").descriptor
    other = "e" * 40
    data = statement(CONFIG, LOCK, other, [image.digest], INVOCATION)
    attach(store, image, media_types.IN_TOTO, data, created=LATER)
    record = encode_record(record_of(image.digest, other))
    attach(store, image, media_types.RELEASE_RECORD, record, created=LATER, verdict=Verdict.PASSED)
    assert len([problem for problem in trace_image(store, "main").problems if other in problem]) == 2


def test_evidence_whose_bytes_were_changed_is_a_problem(store: Layout) -> None:
    """The registry gives other bytes than the digest promises."""
    image = store.get_manifest("main").descriptor
    record = attach(store, image, media_types.RELEASE_RECORD, b"0123", created=LATER, verdict=Verdict.PASSED)
    (layer,) = (d for d in store.path.rglob("*") if d.is_file() and d.read_bytes() == b"0123")
    layer.write_bytes(b"3210")
    assert record.digest
    assert "another digest" in trace_image(store, "main").problems[0]


def test_an_index_is_traced_through_its_images(store: Layout) -> None:
    """An index of another tool may have no annotations of its own."""
    image = put_image(store)
    index = Index(schema_version=2, media_type=media_types.INDEX, manifests=(image,))
    store.put_manifest(encode(index), media_types.INDEX, "multi")
    assert trace_image(store, "multi").commit == COMMIT


def test_labels_of_a_foreign_image_are_read(store: Layout) -> None:
    """Docker's builds write the standard keys as labels."""
    labels = {"org.opencontainers.image.revision": "e" * 40, "org.opencontainers.image.title": "theirs"}
    config = ImageConfig(architecture="amd64", os="linux", rootfs=RootFS(diff_ids=()), config=Execution(labels=labels))
    descriptor = put_bytes(store, encode(config), media_types.CONFIG)
    manifest = Manifest(schema_version=2, media_type=media_types.MANIFEST, config=descriptor, layers=())
    store.put_manifest(encode(manifest), media_types.MANIFEST, "theirs")
    found = trace_image(store, "theirs")
    assert (found.commit, found.title) == ("e" * 40, "theirs")


def test_an_image_that_is_not_there(store: Layout) -> None:
    """One clear error."""
    with pytest.raises(NotFoundError):
        trace_image(store, "no")
