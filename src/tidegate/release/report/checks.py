"""The gates' documents as rows that every report shows alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from tidegate.imagetest.report import CaseResult, LimitResult, TestReport
from tidegate.release.report.model import ReleaseReport
from tidegate.scan.report import SEVERITIES, Finding

T = TypeVar("T", CaseResult, LimitResult)


def cases(report: ReleaseReport) -> Sequence[CaseResult]:
    """All golden cases; of several platforms, the platform is part of the name."""
    return [_named(case, test, report) for test in report.tests for case in test.cases]


def limits(report: ReleaseReport) -> Sequence[LimitResult]:
    """All budgets, named as the cases are."""
    return [_named(limit, test, report) for test in report.tests for limit in test.limits]


def logs(report: ReleaseReport) -> Sequence[str]:
    """What the model's process said where a test failed."""
    return [test.log for test in report.tests if test.log]


def notes(report: ReleaseReport) -> Sequence[str]:
    """What a person should know besides, once each."""
    said = [note for test in report.tests for note in test.notes]
    said += [warning for scan in report.scans for warning in scan.warnings]
    return list(dict.fromkeys(said))


def findings(report: ReleaseReport) -> Sequence[Finding]:
    """All findings once: those that stop the release first, exceptions last, the worst before the others."""
    found = {(item.id, item.subject, item.location): item for scan in report.scans for item in scan.findings}
    return sorted(found.values(), key=_order)


def share(limit: LimitResult) -> float:
    """The part of a budget that is used, 1.0 for all of it."""
    return limit.measured / limit.limit if limit.measured is not None and limit.limit > 0 else 0.0


def exception(finding: Finding) -> str:
    """Why a finding was let through, by whom, and until when."""
    reason = finding.suppressed
    return f"{reason.statement} ({reason.owner}, until {reason.expired_at})" if reason else ""


def _named(item: T, test: TestReport, report: ReleaseReport) -> T:
    if len(report.tests) < 2 or not test.platform:
        return item
    return msgspec.structs.replace(item, name=f"{item.name} ({test.platform})")


def _order(item: Finding) -> tuple[bool, bool, int, str, str]:
    rank = SEVERITIES.index(item.severity) if item.severity in SEVERITIES else len(SEVERITIES)
    return (item.suppressed is not None, not item.fails, rank, item.id, item.subject)
