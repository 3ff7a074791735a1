"""A release as one document: `--json` prints it, release.json keeps it, and every other report is made from it."""

from __future__ import annotations

import msgspec

from tidegate.imagetest.report import TestReport
from tidegate.oci.digest import Digest
from tidegate.project.verdict import Verdict
from tidegate.scan.report import ScanReport
from tidegate.trace.record import Stage


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why a release stopped, and what to do next."""

    message: str
    hint: str = ""
    exit_code: int = 1


class Component(msgspec.Struct, frozen=True, kw_only=True):
    """How many components of a type (`deb`, `pypi`, …) the list of packages has."""

    type: str
    count: int


class ReleaseReport(msgspec.Struct, frozen=True, kw_only=True):
    """A release, whole or stopped.

    `digest` is None when no image was made. `references` are what was pushed, `skipped` the destinations
    that were left out and why. `tests` and `scans` are the gates' own documents, one for each platform.
    `not_done` lists the checks that were not done. `unchanged` means that everything was there already.
    Times are RFC 3339 in UTC.
    """

    verdict: Verdict
    model: str
    version: str | None = None
    digest: Digest | None = None
    commit: str = ""
    committed: str = ""
    branch: str | None = None
    dirty: bool = False
    source: str = ""
    tags: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()
    not_done: tuple[str, ...] = ()
    tests: tuple[TestReport, ...] = ()
    scans: tuple[ScanReport, ...] = ()
    components: tuple[Component, ...] = ()
    evidence: dict[str, Digest] = {}
    error: Failure | None = None
    dry_run: bool = False
    unchanged: bool = False
    who: str = ""
    ci: str = ""
    run_url: str = ""
    started: str = ""
    finished: str = ""
    tool: str = ""

    @property
    def title(self) -> str:
        return f"{self.model} {self.version or ''}".strip()


def encode(report: ReleaseReport) -> bytes:
    """The report as indented JSON, the same bytes for the same report."""
    data = msgspec.json.encode(report, order="deterministic", enc_hook=str)
    return msgspec.json.format(data, indent=2) + b"\n"
