"""The gates' documents as rows."""

from __future__ import annotations

import msgspec
from tests.unit.release.report.samples import PASSED, found, scanned

from tidegate.release.report import checks


def test_the_worst_findings_come_first_and_exceptions_last() -> None:
    """What stops the release is before everything else, whatever its severity."""
    assert [item.id for item in checks.findings(PASSED)] == ["A-1", "B-2", "C-3"]
    stopped = msgspec.structs.replace(PASSED, scans=(*PASSED.scans, scanned(found("D-4", "low", fails=True))))
    assert [item.id for item in checks.findings(stopped)] == ["D-4", "A-1", "B-2", "C-3"]


def test_a_finding_on_two_platforms_is_one() -> None:
    """The same package is in both images."""
    twice = msgspec.structs.replace(PASSED, scans=PASSED.scans * 2)
    assert len(checks.findings(twice)) == 3


def test_cases_of_two_platforms_are_told_apart() -> None:
    """Their names say where they ran."""
    arm = msgspec.structs.replace(PASSED.tests[0], platform="linux/arm64")
    twice = msgspec.structs.replace(PASSED, tests=(*PASSED.tests, arm))
    assert [case.name for case in checks.cases(twice)] == ["tests/1.json (linux/amd64)", "tests/1.json (linux/arm64)"]
    assert checks.cases(PASSED)[0].name == "tests/1.json"
