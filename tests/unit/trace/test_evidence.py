"""What lies beside an image, and whether it is enough."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from tests.unit.trace.samples import NOON, put_evidence, put_image

from tidegate.errors import ContentError
from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.digest import Digest
from tidegate.oci.layout import Layout
from tidegate.oci.store import Document
from tidegate.project.verdict import Verdict
from tidegate.trace.evidence import KINDS, VERDICT, Evidence, attach, find, latest, missing, read_document

ALL = tuple(KINDS.values())


class Bare(Layout):
    """A registry whose lists of referrers lack annotations, as the first ones' did."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.asked = 0

    def get_manifest(self, reference: Digest | str) -> Document:
        self.asked += 1
        return super().get_manifest(reference)

    def referrers(self, subject: Digest, artifact_type: str | None = None) -> Sequence[Descriptor]:
        found = super().referrers(subject, artifact_type)
        self.asked = 0
        return [msgspec.structs.replace(item, annotations={}) for item in found]


def evidence(kind: str, verdict: Verdict | None, created: str = "2026") -> Evidence:
    digest = Digest.of(f"{kind}{verdict}{created}".encode())
    return Evidence(kind=kind, media_type="x", digest=digest, verdict=verdict, created=created)


def test_a_whole_release_is_complete(tmp_path: Path) -> None:
    """All kinds are there and those with a verdict passed."""
    store = Layout(tmp_path)
    image = put_image(store)
    put_evidence(store, image)
    found = find(store, image.digest)
    assert {item.kind for item in found} == set(ALL)
    assert missing(found, ALL) == ()


def test_an_image_alone_lacks_everything(tmp_path: Path) -> None:
    """As after a push that was interrupted."""
    store = Layout(tmp_path)
    assert missing(find(store, put_image(store).digest), ALL) == ALL


@pytest.mark.parametrize("verdict", [Verdict.FAILED, Verdict.INCOMPLETE, None])
def test_a_check_that_did_not_pass_does_not_count(verdict: Verdict | None) -> None:
    """A report without a verdict does not, either."""
    assert missing([evidence("scan", verdict)], ["scan"]) == ("scan",)


def test_a_list_of_packages_needs_no_verdict() -> None:
    """It is a fact, not a check."""
    assert missing([evidence("sbom", None)], ["sbom"]) == ()


def test_the_newest_word_counts() -> None:
    """A recheck that failed takes an earlier pass back, and the other way round."""
    passed, failed = Verdict.PASSED, Verdict.FAILED
    assert missing([evidence("scan", passed, "2026-02"), evidence("scan", failed, "2026-01")], ["scan"]) == ()
    assert missing([evidence("scan", passed, "2026-01"), evidence("scan", failed, "2026-02")], ["scan"]) == ("scan",)
    assert missing([evidence("scan", failed), evidence("scan", passed)], ["scan"]) == ("scan",)


def test_annotations_are_fetched_where_the_list_lacks_them(tmp_path: Path) -> None:
    """One more request for each of ours, none for others'."""
    store = Bare(tmp_path)
    image = put_image(store)
    put_evidence(store, image)
    attach(store, image, "application/vnd.example", b"{}", created=NOON)
    assert missing(find(store, image.digest), ALL) == ()
    assert store.asked == len(ALL)


def test_others_artifacts_are_listed_without_a_kind(tmp_path: Path) -> None:
    """A signature or a foreign attestation is shown and not mistaken for ours."""
    store = Layout(tmp_path)
    image = put_image(store)
    attach(store, image, "application/vnd.example", b"{}", created=NOON)
    (found,) = find(store, image.digest)
    assert (found.kind, found.media_type) == ("", "application/vnd.example")
    assert latest([found]) == {}


def test_an_unknown_verdict_is_not_a_pass(tmp_path: Path) -> None:
    """Only the word `passed` is one."""
    store = Layout(tmp_path)
    image = put_image(store)
    attach(store, image, media_types.SCAN_REPORT, b"{}", created=NOON, verdict=Verdict.PASSED)
    (listed,) = store.referrers(image.digest)
    odd = msgspec.structs.replace(listed, annotations=listed.annotations | {VERDICT: "PASSED!"})

    class Odd(Layout):
        def referrers(self, subject: Digest, artifact_type: str | None = None) -> Sequence[Descriptor]:
            return [odd]

    (found,) = find(Odd(tmp_path), image.digest)
    assert found.verdict is Verdict.INCOMPLETE
    assert missing([found], ["scan"]) == ("scan",)


def test_a_document_is_read_for_its_own_image_only(tmp_path: Path) -> None:
    """A registry's list may name the evidence of another image."""
    store = Layout(tmp_path)
    image, other = put_image(store), put_image(store, "f" * 40)
    attach(store, image, media_types.SCAN_REPORT, b"[1]", created=NOON + timedelta(hours=1))
    (found,) = find(store, image.digest)
    assert read_document(store, found, image.digest, 10) == b"[1]"
    with pytest.raises(ContentError, match="subject"):
        read_document(store, found, other.digest, 10)
    with pytest.raises(ContentError, match="larger"):
        read_document(store, found, image.digest, 2)
