"""Releases that ended in different ways."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from tidegate.imagetest import report as testing
from tidegate.oci.digest import Digest
from tidegate.project.verdict import Verdict
from tidegate.release.report.model import Component, Failure, ReleaseReport
from tidegate.scan.report import Finding, ScanReport, Suppression
from tidegate.trace.record import Stage

DIGEST = Digest.of(b"image")
COMMIT = "0123456789abcdef0123456789abcdef01234567"

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def outcome(verdict: Verdict = Verdict.PASSED, **fields: Any) -> testing.TestReport:
    """What the test gate says."""
    return testing.TestReport(
        verdict=verdict, image=DIGEST, platform="linux/amd64", protocol="open-inference", **fields
    )


def found(number: str, severity: str, **fields: Any) -> Finding:
    """A vulnerable package."""
    name = number[0].lower()
    return Finding(
        id=number, category="vulnerability", severity=severity, subject=f"{name} 1", location=f"lib/{name}", **fields
    )


def scanned(*findings: Finding) -> ScanReport:
    """What the scan gate says."""
    return ScanReport(
        verdict=Verdict.PASSED,
        stops=False,
        subjects=(DIGEST,),
        scanned_at=NOON,
        tidegate="0.1.0",
        findings=findings,
        warnings=("ignore: CVE-1 matches nothing",),
    )


PASSED = ReleaseReport(
    verdict=Verdict.PASSED,
    model="digits",
    version="1.4.0",
    digest=DIGEST,
    commit=COMMIT,
    branch="main",
    tags=("main",),
    references=("registry.acme.example/digits:main",),
    stages=(
        Stage(name="build", verdict=Verdict.PASSED, seconds=6.2, message="4 layers"),
        Stage(name="test", verdict=Verdict.PASSED, seconds=3.0),
    ),
    tests=(
        outcome(
            cases=(testing.CaseResult(name="tests/1.json", verdict=Verdict.PASSED, seconds=0.0123),),
            limits=(testing.LimitResult(name="p95_ms", limit=80, measured=11.3, unit="ms", verdict=Verdict.PASSED),),
        ),
    ),
    scans=(
        scanned(
            found("B-2", "low"),
            found("A-1", "medium", fixed_in="2"),
            found(
                "C-3",
                "critical",
                suppressed=Suppression(statement="not reachable", owner="@me", expired_at="2027-01-01"),
            ),
        ),
    ),
    components=(Component(type="deb", count=61),),
    evidence={"sbom": DIGEST},
    finished="2026-03-04T12:00:14Z",
    tool="tidegate 0.1.0",
)
INCOMPLETE = msgspec.structs.replace(
    PASSED,
    verdict=Verdict.INCOMPLETE,
    not_done=("advisories: no data on this machine",),
    stages=(Stage(name="scan", verdict=Verdict.INCOMPLETE, message="no data"),),
)
FAILED = msgspec.structs.replace(
    PASSED,
    verdict=Verdict.FAILED,
    references=(),
    error=Failure(message="test: tests/1.json: outputs[0] is 7, expected 1", hint="train again", exit_code=3),
    stages=(
        Stage(name="scan", verdict=Verdict.INCOMPLETE, message="no data"),
        Stage(name="test", verdict=Verdict.FAILED, message="1 of 1 golden cases differs"),
    ),
    tests=(
        outcome(
            verdict=Verdict.FAILED,
            cases=(
                testing.CaseResult(name="tests/1.json", verdict=Verdict.FAILED, message="outputs[0] is 7,\nexpected 1"),
            ),
            limits=(
                testing.LimitResult(name="memory_mb", limit=9, measured=None, unit="MB", verdict=Verdict.INCOMPLETE),
            ),
            log="ValueError: bad",
        ),
    ),
)
NOTHING = ReleaseReport(verdict=Verdict.FAILED, model="digits", error=Failure(message="no lock", exit_code=2))
ALL = (PASSED, INCOMPLETE, FAILED, NOTHING)
