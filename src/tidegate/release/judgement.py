"""What a gate's report means for the release: go on, go on loudly, or stop."""

from __future__ import annotations

from collections.abc import Sequence

from tidegate.errors import GateError
from tidegate.imagetest.report import TestReport
from tidegate.project.verdict import Verdict
from tidegate.release.journal import Entry
from tidegate.scan.report import Finding, ScanReport

_SHOWN = 3


def judge_scan(report: ScanReport, entry: Entry, not_done: list[str]) -> None:
    """Raises GateError when the scan stops the release."""
    undone = [item for item in report.not_done if item.suppressed is None]
    required = [f"{item.id}: {item.reason}" for item in undone if item.required]
    failing = [finding for finding in report.findings if finding.fails]
    if failing:
        raise GateError(
            f"the scan stops the release: {_findings(failing)}",
            hint="upgrade what has a fix, or add an exception with its reason under ignore: in tidegate.yaml",
        )
    if report.stops:
        raise GateError(
            f"the scan could not do what is required: {'; '.join(required) or 'see the report'}",
            hint="see docs/how-to/handle-findings.md; vulnerability data: tidegate advisories update --from …",
        )
    not_done += [f"scan: {item.id}: {item.reason}" for item in undone]
    entry.verdict = report.verdict
    counts = ", ".join(f"{count} {severity}" for severity, count in report.counts().items())
    entry.message = f"{report.packages} packages, {report.files} files: {counts or 'no findings'}"


def judge_tests(reports: Sequence[TestReport], entry: Entry, not_done: list[str]) -> None:
    """Raises GateError when a test failed, or a required one was not done."""
    for report in reports:
        if report.verdict is Verdict.FAILED:
            raise GateError(
                f"the test of {report.platform} failed: {_failure(report)}",
                hint="the report has the model's own log; try it with: tidegate run",
            )
        if report.verdict is Verdict.INCOMPLETE and report.required:
            raise GateError(
                f"the test of {report.platform} could not be done: {_failure(report)}",
                hint="make it possible here, or say in tidegate.yaml that it is optional: test: {required: false}",
            )
    not_done += [f"test of {r.platform}: {_failure(r)}" for r in reports if r.verdict is Verdict.INCOMPLETE]
    entry.verdict = Verdict.combine(report.verdict for report in reports)
    entry.message = "; ".join(_summary(report) for report in reports if report.verdict is Verdict.PASSED)


def _findings(findings: Sequence[Finding]) -> str:
    shown = [
        f"{finding.id} ({finding.severity}) in {finding.subject}{f': {finding.message}' if finding.message else ''}"
        for finding in findings[:_SHOWN]
    ]
    more = f" and {len(findings) - _SHOWN} more" if len(findings) > _SHOWN else ""
    return "; ".join(shown) + more


def _failure(report: TestReport) -> str:
    cases = [f"{case.name}: {case.message}" for case in report.cases if case.verdict is not Verdict.PASSED]
    limits = [f"{limit.name}: {limit.message}" for limit in report.limits if limit.verdict is not Verdict.PASSED]
    return "; ".join([*filter(None, [report.message]), *cases[:_SHOWN], *limits]) or "see the report"


def _summary(report: TestReport) -> str:
    limits = [
        f"{limit.name} {limit.measured:.4g} {limit.unit}" for limit in report.limits if limit.measured is not None
    ]
    parts = [f"{len(report.cases)} golden cases" if report.cases else "it runs", *limits]
    return f"{', '.join(parts)} by {report.runtime}"
