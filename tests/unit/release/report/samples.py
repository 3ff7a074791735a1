"""Releases that ended in different ways."""

from __future__ import annotations

import msgspec

from tidegate.oci.digest import Digest
from tidegate.project.verdict import Verdict
from tidegate.release.report.model import Component, Failure, ReleaseReport
from tidegate.trace.record import Stage

DIGEST = Digest.of(b"image")
COMMIT = "0123456789abcdef0123456789abcdef01234567"

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
        {
            "verdict": "passed",
            "platform": "linux/amd64",
            "something_new": [1],
            "cases": [{"name": "tests/1.json", "verdict": "passed", "seconds": 0.0123}],
            "limits": [{"name": "p95_ms", "limit": 80, "measured": 11.3, "unit": "ms", "verdict": "passed"}],
        },
    ),
    scans=(
        {
            "findings": [
                {"id": "B-2", "severity": "low", "subject": "pkg:pypi/b@1"},
                {"id": "A-1", "severity": "critical", "subject": "pkg:pypi/a@1", "fixed_in": "2"},
                {"id": "C-3", "severity": "critical", "subject": "pkg:pypi/c@1", "suppressed": "not reachable"},
            ]
        },
    ),
    components=(Component(type="deb", count=61),),
    evidence={"sbom": DIGEST},
    finished="2026-03-04T12:00:14Z",
    tool="0.1.0",
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
        {
            "cases": [{"name": "tests/1.json", "verdict": "failed", "message": "outputs[0] is 7,\nexpected 1"}],
            "limits": [{"name": "memory_mb", "limit": 9, "measured": None, "unit": "MB", "verdict": "incomplete"}],
            "log": "ValueError: bad",
        },
    ),
)
NOTHING = ReleaseReport(verdict=Verdict.FAILED, model="digits", error=Failure(message="no lock", exit_code=2))
ALL = (PASSED, INCOMPLETE, FAILED, NOTHING)
