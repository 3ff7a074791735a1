"""A release's state as the document that every report is made of."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from tidegate import __version__
from tidegate.release.report.model import Component, Failure, ReleaseReport
from tidegate.release.state import State
from tidegate.trace.annotations import timestamp
from tidegate.transport.redaction import redact


def summarise(state: State) -> ReleaseReport:
    """The report of a release that has ended, one way or the other."""
    model = state.project.config.model
    return ReleaseReport(
        verdict=state.verdict,
        model=model.name,
        version=model.version,
        digest=state.image.digest if state.built or state.published else None,
        references=state.references if (state.tagged or not state.error) and not state.dry_run else (),
        skipped=state.skipped,
        stages=tuple(state.stages),
        not_done=tuple(state.not_done),
        tests=state.tests,
        scans=(state.scanned.report,) if state.scanned else (),
        components=_components(state),
        evidence=dict(state.evidence),
        error=_failure(state),
        dry_run=state.dry_run,
        unchanged=state.unchanged,
        started=timestamp(state.started),
        finished=timestamp(state.finished),
        tool=f"tidegate {__version__}",
        **_source(state),
    )


def _source(state: State) -> dict[str, Any]:
    source = state.source
    if source is None:
        return {}
    return {
        "commit": source.checkout.commit,
        "committed": timestamp(source.checkout.time),
        "branch": source.facts.branch,
        "dirty": source.dirty,
        "source": state.project.config.model.source or "",
        "tags": tuple(tag.name for tag in source.tags),
        "who": source.run.actor,
        "ci": source.run.ci,
        "run_url": source.run.url,
    }


def _failure(state: State) -> Failure | None:
    error = state.error
    return Failure(message=redact(error.message), hint=error.hint, exit_code=error.exit_code) if error else None


def _components(state: State) -> tuple[Component, ...]:
    """Counted from the SBOM: purls say what type a component has."""
    if state.scanned is None:
        return ()
    components = msgspec.json.decode(state.scanned.sbom).get("components", [])
    types = Counter(part.get("purl", ":").partition(":")[2].partition("/")[0] or "model" for part in components)
    return tuple(Component(type=name, count=count) for name, count in sorted(types.items()))
