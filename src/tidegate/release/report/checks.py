"""The gates' documents as rows that every report shows alike. Unknown fields are left out, missing ones empty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from tidegate.project.verdict import Verdict
from tidegate.release.report.model import ReleaseReport

SEVERITIES = ("critical", "high", "medium", "low", "unknown")


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A golden case, and how long it took in seconds."""

    name: str
    verdict: Verdict
    message: str = ""
    seconds: float = 0.0


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """A budget and what was measured, None when it could not be."""

    name: str
    limit: float
    measured: float | None = None
    unit: str = ""
    verdict: Verdict
    message: str = ""

    @property
    def share(self) -> float:
        """The part of the budget that is used, 1.0 for all of it."""
        return self.measured / self.limit if self.measured is not None and self.limit > 0 else 0.0


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a scan found. `suppressed` is the reason of an exception, or empty."""

    id: str
    category: str = ""
    severity: str = ""
    subject: str = ""
    location: str = ""
    fixed_in: str | tuple[str, ...] | None = None
    suppressed: Any = None
    message: str = ""

    @property
    def fix(self) -> str:
        return self.fixed_in if isinstance(self.fixed_in, str) else ", ".join(self.fixed_in or ())


T = TypeVar("T", Case, Limit)


class _Test(msgspec.Struct):
    platform: str = ""
    message: str = ""
    cases: tuple[Case, ...] = ()
    limits: tuple[Limit, ...] = ()
    log: str = ""


class _Scan(msgspec.Struct):
    findings: tuple[Finding, ...] = ()


def cases(report: ReleaseReport) -> Sequence[Case]:
    """All golden cases; of several platforms, the platform is part of the name."""
    return [_named(case, test, report) for test in _tests(report) for case in test.cases]


def limits(report: ReleaseReport) -> Sequence[Limit]:
    """All budgets, named as the cases are."""
    return [_named(limit, test, report) for test in _tests(report) for limit in test.limits]


def logs(report: ReleaseReport) -> Sequence[str]:
    """What the model's process said where a test failed."""
    return [test.log for test in _tests(report) if test.log]


def findings(report: ReleaseReport) -> Sequence[Finding]:
    """All findings once, those that count first, the worst before the others."""
    found = {
        (item.id, item.subject, item.location): item
        for scan in report.scans
        for item in msgspec.convert(scan, _Scan, strict=False).findings
    }
    return sorted(found.values(), key=lambda item: (bool(item.suppressed), _rank(item.severity), item.id, item.subject))


def _tests(report: ReleaseReport) -> Sequence[_Test]:
    return [msgspec.convert(test, _Test, strict=False) for test in report.tests]


def _named(item: T, test: _Test, report: ReleaseReport) -> T:
    if len(report.tests) < 2 or not test.platform:
        return item
    return msgspec.structs.replace(item, name=f"{item.name} ({test.platform})")


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)
