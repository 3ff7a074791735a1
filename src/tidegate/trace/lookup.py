"""From an image to its commit and from a commit to its image, answered by the registry alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import msgspec

from tidegate.errors import ContentError, NotFoundError, UsageError, VerificationError
from tidegate.oci import media_types
from tidegate.oci.digest import Digest
from tidegate.oci.manifest import MAX_CONFIG, ImageConfig, Index, Manifest, decode, decode_manifest
from tidegate.oci.store import ContentStore, Document, find_manifest, read_blob
from tidegate.project.verdict import Verdict
from tidegate.trace import annotations as keys
from tidegate.trace import evidence
from tidegate.trace.evidence import KINDS, Evidence
from tidegate.trace.provenance import MAX_PROVENANCE, Provenance, read_statement
from tidegate.trace.record import MAX_RECORD, Record, read_record

COMMIT = re.compile(r"[0-9a-f]{7,64}")
_COMMIT_TAG = re.compile(r"sha-([0-9a-f]{40}(?:[0-9a-f]{24})?)")
# Tags that are asked where they point to, newest names first, several at once.
MAX_TAGS = 256
_PARALLEL = 8

T = TypeVar("T")


class Trace(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a registry says about one image.

    `tags` are those that point to it; `tags_unchecked` counts those that were not asked because there are
    too many. `missing` are kinds of evidence that are not there; `problems` are contradictions.
    """

    verdict: Verdict
    reference: str
    digest: Digest
    media_type: str
    commit: str = ""
    dirty: bool = False
    source: str = ""
    created: str = ""
    title: str = ""
    version: str = ""
    tags: tuple[str, ...] = ()
    tags_unchecked: int = 0
    evidence: tuple[Evidence, ...] = ()
    missing: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    provenance: Provenance | None = None
    record: Record | None = None


def trace_commit(store: ContentStore, commit: str) -> Trace:
    """The image of a commit, given by at least 7 of its hex digits.

    Raises UsageError for something else or when several commits begin so, NotFoundError when there is no
    image, VerificationError when the tag's image says that it was made from another commit.
    """
    commit = commit.lower()
    if not COMMIT.fullmatch(commit):
        raise UsageError(f"{commit!r} is not a commit", hint="give at least 7 of its hex digits")
    tag = f"sha-{commit}" if len(commit) in {40, 64} else _unique(store, commit)
    document = find_manifest(store, tag)
    if document is None:
        raise NotFoundError(f"there is no image of commit {commit}", hint=_NO_IMAGE)
    trace = _trace(store, tag, document)
    if trace.commit and trace.commit != tag.removeprefix("sha-"):
        raise VerificationError(
            f"the tag {tag} points to {trace.digest}, which says that it was made from commit {trace.commit}",
            hint="somebody moved the tag: trace the digest, and look who may push",
        )
    return trace


def trace_image(store: ContentStore, reference: Digest | str) -> Trace:
    """What the registry says of an image named by tag or digest. Raises NotFoundError, ContentError."""
    return _trace(store, str(reference), store.get_manifest(reference))


_NO_IMAGE = "releases push the tag sha-<commit>; was this commit released to this repository?"


def _unique(store: ContentStore, prefix: str) -> str:
    matches = [match for tag in store.tags() if (match := _COMMIT_TAG.fullmatch(tag)) and match[1].startswith(prefix)]
    if not matches:
        raise NotFoundError(f"there is no image of a commit that begins with {prefix}", hint=_NO_IMAGE)
    if len(matches) > 1:
        commits = ", ".join(match[1][: len(prefix) + 5] for match in matches[:5])
        raise UsageError(f"{prefix} is the beginning of {len(matches)} commits: {commits}", hint="give more digits")
    return matches[0][0]


def _trace(store: ContentStore, reference: str, document: Document) -> Trace:
    labels = _labels(store, document, reference)
    revision = labels.get(keys.REVISION, "")
    found = evidence.find(store, document.digest)
    newest = evidence.latest(found)
    problems: list[str] = []
    provenance = _provenance(store, newest.get("provenance"), document.digest, problems)
    record = _record(store, newest.get("record"), document.digest, problems)
    commit = revision.removesuffix(keys.DIRTY_SUFFIX) or (provenance.commit if provenance else "")
    problems += _contradictions(commit, provenance, record, document.digest)
    tags, unchecked = _tags(store, document.digest, [f"sha-{commit}", *(record.tags if record else ())])
    return Trace(
        verdict=_verdict(newest, problems),
        reference=reference,
        digest=document.digest,
        media_type=document.media_type,
        commit=commit,
        dirty=revision.endswith(keys.DIRTY_SUFFIX),
        source=labels.get(keys.SOURCE, ""),
        created=labels.get(keys.CREATED, ""),
        title=labels.get(keys.TITLE, ""),
        version=labels.get(keys.VERSION, ""),
        tags=tags,
        tags_unchecked=unchecked,
        evidence=found,
        missing=tuple(kind for kind in KINDS.values() if kind not in newest),
        problems=tuple(problems),
        provenance=provenance,
        record=record,
    )


def _labels(store: ContentStore, document: Document, where: str) -> dict[str, str]:
    """The manifest's annotations over the configuration's labels; of an index, those it has or its first image's."""
    value = decode_manifest(document.data, document.media_type, where)
    if isinstance(value, Manifest):
        return _config_labels(store, value, where) | value.annotations
    if keys.REVISION in value.annotations or not value.manifests:
        return value.annotations
    inner = store.get_manifest(value.manifests[0].digest)
    first = decode_manifest(inner.data, inner.media_type, where)
    return first.annotations if isinstance(first, Index) else _labels(store, inner, where) | value.annotations


def _config_labels(store: ContentStore, manifest: Manifest, where: str) -> dict[str, str]:
    """Other tools write the same keys as labels into the image's configuration."""
    if keys.REVISION in manifest.annotations:
        return {}
    if manifest.config.media_type not in {media_types.CONFIG, media_types.DOCKER_CONFIG}:
        return {}
    data = read_blob(store, manifest.config.digest, MAX_CONFIG)
    return decode(data, ImageConfig, f"{where}, configuration", MAX_CONFIG).config.labels or {}


def _provenance(store: ContentStore, item: Evidence | None, subject: Digest, problems: list[str]) -> Provenance | None:
    def parse(found: Evidence) -> Provenance:
        data = evidence.read_document(store, found, subject, MAX_PROVENANCE)
        return read_statement(data, subject, f"provenance {found.digest}")

    return _read(item, parse, problems)


def _record(store: ContentStore, item: Evidence | None, subject: Digest, problems: list[str]) -> Record | None:
    def parse(found: Evidence) -> Record:
        data = evidence.read_document(store, found, subject, MAX_RECORD)
        return read_record(data, f"release record {found.digest}")

    return _read(item, parse, problems)


def _read(item: Evidence | None, parse: Callable[[Evidence], T], problems: list[str]) -> T | None:
    """A document, or None and one more problem when it is missing, broken or about something else."""
    if item is None:
        return None
    try:
        return parse(item)
    except (ContentError, VerificationError) as error:
        problems.append(error.message)
        return None


def _contradictions(commit: str, provenance: Provenance | None, record: Record | None, digest: Digest) -> Sequence[str]:
    found = []
    if provenance and provenance.commit != commit:
        found.append(f"the image says commit {commit}, its provenance {provenance.commit}")
    if record and record.commit != commit:
        found.append(f"the image says commit {commit}, its release record {record.commit}")
    if record and record.digest != digest:
        found.append(f"the release record is about {record.digest}")
    return found


def _tags(store: ContentStore, digest: Digest, likely: Sequence[str]) -> tuple[tuple[str, ...], int]:
    """The tags that point to a digest, and how many were not asked."""
    known = store.tags()
    chosen = [tag for tag in known if tag in likely]
    chosen += [tag for tag in reversed(known) if tag not in likely and not tag.startswith("sha256-")]
    asked = chosen[:MAX_TAGS]

    def points_here(tag: str) -> bool:
        document = find_manifest(store, tag)
        return document is not None and document.digest == digest

    with ThreadPoolExecutor(_PARALLEL) as pool:
        hits = pool.map(points_here, asked)
        return tuple(sorted(tag for tag, hit in zip(asked, hits, strict=True) if hit)), len(chosen) - len(asked)


def _verdict(newest: Mapping[str, Evidence], problems: Sequence[str]) -> Verdict:
    if problems:
        return Verdict.FAILED
    said = [item.verdict for item in newest.values() if item.verdict is not None]
    complete = newest.keys() >= set(KINDS.values())
    return Verdict.combine([*said, Verdict.PASSED if complete else Verdict.INCOMPLETE])
