"""Evidence: the documents that a release leaves beside an image, as referrers of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from tidegate.distribution.artifact import put_artifact
from tidegate.errors import ContentError
from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.digest import Digest
from tidegate.oci.manifest import Manifest, decode_manifest
from tidegate.oci.store import ContentStore, read_blob
from tidegate.project.verdict import Verdict
from tidegate.trace.annotations import CREATED, timestamp
from tidegate.trace.provenance import PREDICATE

VERDICT = "dev.tidegate.verdict"
# As BuildKit names it.
PREDICATE_TYPE = "in-toto.io/predicate-type"
# Kinds of evidence by media type, in the order in which a release makes them.
KINDS = {
    media_types.IN_TOTO: "provenance",
    media_types.CYCLONEDX: "sbom",
    media_types.SCAN_REPORT: "scan",
    media_types.TEST_REPORT: "test",
    media_types.RELEASE_RECORD: "record",
}
_WITH_VERDICT = frozenset({"scan", "test", "record"})
# Referrers beyond these are not looked at.
MAX_REFERRERS = 500


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One referrer. `kind` is empty for what Tidegate did not make; `digest` is its manifest's."""

    kind: str
    media_type: str
    digest: Digest
    verdict: Verdict | None = None
    created: str = ""

    @property
    def counts(self) -> bool:
        """Whether it says that its check passed, or needs no verdict."""
        return self.verdict is Verdict.PASSED or (self.verdict is None and self.kind not in _WITH_VERDICT)


def attach(
    store: ContentStore,
    subject: Descriptor,
    media_type: str,
    data: bytes,
    *,
    created: datetime,
    verdict: Verdict | None = None,
) -> Descriptor:
    """Store a document as a referrer of an image that is there; the descriptor of its manifest."""
    annotations = {CREATED: timestamp(created)}
    if verdict is not None:
        annotations[VERDICT] = verdict.value
    if media_type == media_types.IN_TOTO:
        annotations[PREDICATE_TYPE] = PREDICATE
    return put_artifact(store, subject, media_type, data, media_type=media_type, annotations=annotations)


def find(store: ContentStore, subject: Digest) -> tuple[Evidence, ...]:
    """What is attached to an image, oldest first: one request, where the registry lists annotations."""
    found = [_evidence(store, listed) for listed in store.referrers(subject)[:MAX_REFERRERS]]
    return tuple(sorted(found, key=lambda item: (item.created, item.digest)))


def latest(evidence: Iterable[Evidence]) -> dict[str, Evidence]:
    """The newest of each kind; of two with the same time the one that does not count."""
    ordered = sorted(evidence, key=lambda item: (item.created, not item.counts))
    return {item.kind: item for item in ordered if item.kind}


def missing(evidence: Iterable[Evidence], required: Iterable[str]) -> tuple[str, ...]:
    """The kinds of `required` whose newest piece is not there, or is there without having passed."""
    newest = latest(evidence)
    return tuple(kind for kind in required if kind not in newest or not newest[kind].counts)


def read_document(store: ContentStore, item: Evidence, subject: Digest, limit: int) -> bytes:
    """The document of a piece of evidence, verified, of at most `limit` bytes.

    Raises ContentError when its manifest is not one of ours or names another image as its subject.
    """
    manifest = _manifest(store, item.digest)
    if manifest.subject is None or manifest.subject.digest != subject:
        raise ContentError(f"evidence {item.digest}: its subject is not {subject}")
    if len(manifest.layers) != 1:
        raise ContentError(f"evidence {item.digest}: has {len(manifest.layers)} documents instead of one")
    return read_blob(store, manifest.layers[0].digest, limit)


def _evidence(store: ContentStore, listed: Descriptor) -> Evidence:
    annotations = listed.annotations
    if listed.artifact_type in KINDS and CREATED not in annotations:
        annotations = _manifest(store, listed.digest).annotations
    return Evidence(
        kind=_kind(listed.artifact_type or "", annotations),
        media_type=listed.artifact_type or "",
        digest=listed.digest,
        verdict=_verdict(annotations.get(VERDICT)),
        created=annotations.get(CREATED, ""),
    )


def _kind(media_type: str, annotations: dict[str, str]) -> str:
    if media_type == media_types.IN_TOTO and annotations.get(PREDICATE_TYPE, PREDICATE) != PREDICATE:
        return ""
    return KINDS.get(media_type, "")


def _verdict(text: str | None) -> Verdict | None:
    """An unknown verdict is not a passed one."""
    if text is None:
        return None
    return Verdict(text) if text in set(Verdict) else Verdict.INCOMPLETE


def _manifest(store: ContentStore, digest: Digest) -> Manifest:
    document = store.get_manifest(digest)
    value = decode_manifest(document.data, document.media_type, f"evidence {digest}")
    if not isinstance(value, Manifest):
        raise ContentError(f"evidence {digest}: an index, not a document")
    return value
