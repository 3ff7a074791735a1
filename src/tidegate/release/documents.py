"""The evidence of a release: provenance, SBOM, the gates' reports, and the record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from tidegate import __version__
from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.digest import Digest
from tidegate.oci.store import ContentStore
from tidegate.project.verdict import Verdict
from tidegate.release.gates import evidence_of
from tidegate.release.source import Source
from tidegate.release.state import State
from tidegate.trace import evidence, provenance
from tidegate.trace.annotations import timestamp
from tidegate.trace.record import Record, encode_record


@dataclass(frozen=True, slots=True)
class Document:
    """A piece of evidence that is not stored yet."""

    media_type: str
    data: bytes
    verdict: Verdict | None = None


def documents(state: State, source: Source, now: datetime) -> tuple[Document, ...]:
    """What this release found out, as documents; a gate that was not run again leaves none."""
    made = [Document(media_types.IN_TOTO, _provenance(state, source, now))]
    if state.scanned is not None:
        scanned = state.scanned
        made.append(Document(media_types.CYCLONEDX, scanned.sbom))
        made.append(Document(media_types.SCAN_REPORT, msgspec.json.encode(scanned.report), scanned.report.verdict))
    if state.tests:
        made.append(Document(media_types.TEST_REPORT, *evidence_of(state.tests)))
    return tuple(made)


def attach(store: ContentStore, image: Descriptor, made: Sequence[Document], now: datetime) -> Mapping[str, Digest]:
    """Store documents beside the image; the digests of their manifests by kind."""
    return {
        evidence.KINDS[document.media_type]: evidence.attach(
            store, image, document.media_type, document.data, created=now, verdict=document.verdict
        ).digest
        for document in made
    }


def record(state: State, source: Source, tags: Sequence[str], now: datetime) -> Document:
    """The release record, made last, with the digests of all other evidence in it."""
    checkout, run, model = source.checkout, source.run, state.project.config.model
    value = Record(
        verdict=state.verdict,
        digest=state.image.digest,
        model=model.name,
        version=model.version,
        commit=checkout.commit,
        committed=timestamp(checkout.time),
        dirty=source.dirty,
        branch=source.facts.branch,
        git_tags=checkout.tags,
        tags=tuple(tags),
        references=state.references,
        stages=tuple(state.stages),
        not_done=tuple(state.not_done),
        evidence=dict(state.evidence),
        who=run.actor,
        ci=run.ci,
        run_url=run.url,
        pull_request=run.pull_request,
        started=timestamp(state.started),
        finished=timestamp(now),
        tool=f"tidegate {__version__}",
    )
    return Document(media_types.RELEASE_RECORD, encode_record(value), state.verdict)


def _provenance(state: State, source: Source, now: datetime) -> bytes:
    subjects = [state.image.digest]
    if state.built is not None:
        subjects += [one.descriptor.digest for one in state.built.platforms if one.descriptor.digest not in subjects]
    invocation = provenance.Invocation(ci=source.run.ci, url=source.run.url, started=state.started, finished=now)
    return provenance.statement(state.project.config, state.lock, source.checkout.commit, subjects, invocation)
