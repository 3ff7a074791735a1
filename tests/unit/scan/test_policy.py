from __future__ import annotations

from datetime import date

import pytest

from tidegate.errors import ConfigError
from tidegate.project.config import Ignore, Scan
from tidegate.project.verdict import Verdict
from tidegate.scan.policy import judge, seconds
from tidegate.scan.report import Finding, NotDone

TODAY = date(2026, 5, 1)


def finding(severity: str = "high", fixed_in: str | None = "2", location: str = "a/b") -> Finding:
    return Finding(
        id="CVE-1", category="vulnerability", severity=severity, subject="x 1", location=location,
        aliases=("GHSA-1",), purl="pkg:pypi/x@1", fixed_in=fixed_in,
    )  # fmt: skip


def ignore(name: str = "CVE-1", until: str = "2026-05-01", **more: tuple[str, ...]) -> Ignore:
    return Ignore(id=name, statement="why", owner="@me", expired_at=until, **more)


def not_done(*, required: bool) -> NotDone:
    return NotDone(id="not-analysed", location="m.onnx", reason="r", required=required)


@pytest.mark.parametrize(
    ("severity", "threshold", "fails"),
    [
        ("critical", "high", True),
        ("high", "high", True),
        ("medium", "high", False),
        ("unknown", "high", True),
        ("unknown", "critical", False),
        ("unknown", "low", True),
        ("low", "low", True),
    ],
)
def test_severities_fail_from_the_threshold_up(severity: str, threshold: str, fails: bool) -> None:
    """An unknown one counts as high."""
    outcome = judge([finding(severity)], [], Scan(fail_on=threshold), [], TODAY)  # type: ignore[arg-type]
    assert outcome.stops is fails
    assert outcome.findings[0].severity == severity


def test_unfixed_flaws_can_be_let_through() -> None:
    """Only those without a fix, and they stay in the report."""
    rules = Scan(ignore_unfixed=True)
    assert judge([finding(fixed_in=None)], [], rules, [], TODAY).verdict == Verdict.PASSED
    assert judge([finding()], [], rules, [], TODAY).verdict == Verdict.FAILED


@pytest.mark.parametrize(
    "entry",
    [
        ignore(),
        ignore("GHSA-1"),
        ignore(paths=("a/*",)),
        ignore(paths=("/a/b",)),
        ignore(purls=("pkg:pypi/x@*",)),
    ],
)
def test_an_exception_suppresses_to_the_end_of_its_last_day(entry: Ignore) -> None:
    """By id or alias; the finding stays in the report with reason and owner."""
    outcome = judge([finding()], [], Scan(), [entry], TODAY)
    assert outcome.verdict == Verdict.PASSED
    suppressed = outcome.findings[0].suppressed
    assert suppressed is not None
    assert (suppressed.statement, suppressed.owner) == ("why", "@me")


@pytest.mark.parametrize("entry", [ignore("CVE-2"), ignore(paths=("c/*",)), ignore(purls=("pkg:pypi/y@*",))])
def test_an_exception_that_matches_nothing_warns(entry: Ignore) -> None:
    """And suppresses nothing."""
    outcome = judge([finding()], [], Scan(), [entry], TODAY)
    assert outcome.stops
    assert entry.id in outcome.warnings[0]


def test_an_expired_exception_fails() -> None:
    """Whatever it was for."""
    outcome = judge([], [], Scan(fail_on="critical"), [ignore(until="2026-04-30")], TODAY)
    assert outcome.verdict == Verdict.FAILED
    assert outcome.findings[0].id == "exception-expired"


def test_checks_that_were_not_done() -> None:
    """A required one stops, an optional one makes the verdict incomplete, an excused one does neither."""
    stopped = judge([], [not_done(required=True)], Scan(), [], TODAY)
    assert (stopped.verdict, stopped.stops) == (Verdict.INCOMPLETE, True)
    said = judge([], [not_done(required=False)], Scan(), [], TODAY)
    assert (said.verdict, said.stops) == (Verdict.INCOMPLETE, False)
    excused = judge([], [not_done(required=True)], Scan(), [ignore("not-analysed", paths=("*.onnx",))], TODAY)
    assert (excused.verdict, excused.stops, len(excused.not_done)) == (Verdict.PASSED, False, 1)


def test_wrong_dates_and_ages_are_errors() -> None:
    """That name the key."""
    assert (seconds("12h"), seconds("7d")) == (43200, 604800)
    with pytest.raises(ConfigError, match="max_age"):
        seconds("week")
    with pytest.raises(ConfigError, match="expired_at"):
        judge([], [], Scan(), [ignore(until="2026-02-31")], TODAY)
