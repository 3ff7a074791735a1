"""The end of a release, for a person: what came of it, where it is, and what was not done."""

from __future__ import annotations

from pathlib import Path

from tidegate.cli.context import Context
from tidegate.project.verdict import Verdict
from tidegate.release.report.model import ReleaseReport


def show(report: ReleaseReport, folder: Path, context: Context) -> None:
    """Print the end: references on stdout, the digest as its last line; everything else on stderr."""
    if report.error is not None:
        context.note(f"error: {report.error.message}")
        if report.error.hint:
            context.note(f"  next: {report.error.hint}")
    for text in report.skipped:
        context.note(f"not pushed to {text}")
    for text in report.not_done:
        context.note(f"NOT DONE: {text}")
    context.note(f"report   {folder / 'report.html'}")
    context.note(_sentence(report))
    if report.error is not None:
        return
    for reference in report.references:
        context.out(reference)
    if report.digest is not None:
        context.out(report.digest)


def _sentence(report: ReleaseReport) -> str:
    name = f"{report.title} at {report.commit[:12] or 'no commit'}"
    if report.verdict is Verdict.FAILED:
        done = "was stopped when all its tags had moved" if report.references else "was not released"
        return f"verdict  FAILED: {name} {done}"
    if report.unchanged:
        evidence = "but not everything was checked" if report.not_done else "with all its evidence"
        return f"verdict  {report.verdict}: {name} is there already, {evidence}"
    done = "would be released" if report.dry_run else "is released" if report.references else "has no destination here"
    loudly = ", but not everything was checked" if report.not_done else ""
    return f"verdict  {report.verdict}: {name} {done}{loudly}"
