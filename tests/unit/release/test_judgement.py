from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from tidegate.errors import GateError
from tidegate.imagetest import report as imagetest
from tidegate.imagetest.report import CaseResult, LimitResult
from tidegate.project.verdict import Verdict
from tidegate.release.journal import Entry
from tidegate.release.judgement import judge_scan, judge_tests
from tidegate.scan.report import Finding, NotDone, ScanReport, Suppression

AMD = imagetest.TestReport(
    verdict=Verdict.PASSED, image="sha256:a", platform="linux/amd64", protocol="command", runtime="runc"
)
EXCUSED = Suppression(statement="s", owner="@me", expired_at="2026-12-31")


def scanned(
    *findings: Finding, not_done: tuple[NotDone, ...] = (), verdict: Verdict = Verdict.PASSED, stops: bool = False
) -> ScanReport:
    return ScanReport(
        verdict=verdict,
        stops=stops,
        subjects=("sha256:a",),
        scanned_at=datetime(2026, 5, 1, tzinfo=UTC),
        tidegate="1",
        findings=findings,
        not_done=not_done,
        packages=2,
        files=3,
    )


def finding(number: int, *, fails: bool = True) -> Finding:
    return Finding(
        id=f"CVE-{number}",
        category="vulnerability",
        severity="high",
        subject=f"left {number}",
        location="x",
        message="bad",
        fails=fails,
    )


def undone(*, required: bool, suppressed: Suppression | None = None) -> NotDone:
    return NotDone(id="advisories-missing", location="pypi", reason="no data", required=required, suppressed=suppressed)


def test_findings_that_fail_stop_the_release_by_name() -> None:
    """The first three, and how many more there are."""
    report = scanned(*map(finding, range(5)), verdict=Verdict.FAILED, stops=True)
    with pytest.raises(GateError, match=r"CVE-0 \(high\) in left 0: bad; .*CVE-2.* and 2 more") as caught:
        judge_scan(report, Entry(), [])
    assert "CVE-3" not in caught.value.message
    assert "ignore:" in caught.value.hint


def test_a_required_check_of_the_scan_that_was_not_done_stops_the_release() -> None:
    """With its reason."""
    report = scanned(not_done=(undone(required=True),), verdict=Verdict.INCOMPLETE, stops=True)
    with pytest.raises(GateError, match="advisories-missing: no data"):
        judge_scan(report, Entry(), [])


def test_an_optional_check_that_was_not_done_is_remembered() -> None:
    """The release goes on with verdict incomplete; an excused check is not spoken of."""
    entry, not_done = Entry(), ["before"]
    items = (undone(required=False), undone(required=True, suppressed=EXCUSED))
    judge_scan(scanned(not_done=items, verdict=Verdict.INCOMPLETE), entry, not_done)
    assert not_done == ["before", "scan: advisories-missing: no data"]
    assert entry.verdict is Verdict.INCOMPLETE


def test_a_scan_says_what_it_looked_at() -> None:
    """Packages, files, and findings that do not stop, by severity."""
    entry = Entry()
    judge_scan(scanned(finding(1, fails=False)), entry, [])
    assert entry.message == "2 packages, 3 files: 1 high"
    assert entry.verdict is Verdict.PASSED


def changed(**changes: object) -> imagetest.TestReport:
    return msgspec.structs.replace(AMD, **changes)


def test_a_failed_test_stops_the_release_with_what_failed() -> None:
    """Cases and limits, but not those that passed."""
    report = changed(
        verdict=Verdict.FAILED,
        cases=(
            CaseResult(name="good", verdict=Verdict.PASSED),
            CaseResult(name="bad", verdict=Verdict.FAILED, message="3 is not 4"),
        ),
        limits=(
            LimitResult(name="p95_ms", limit=1, measured=2, unit="ms", verdict=Verdict.FAILED, message="2 of 1 ms"),
        ),
    )
    with pytest.raises(GateError, match="linux/amd64 failed: bad: 3 is not 4; p95_ms: 2 of 1 ms") as caught:
        judge_tests([AMD, report], Entry(), [])
    assert "good" not in caught.value.message


def test_a_required_test_that_was_not_done_stops_the_release() -> None:
    """Nothing is called tested that was not."""
    with pytest.raises(GateError, match="could not be done: no runtime"):
        judge_tests([changed(verdict=Verdict.INCOMPLETE, message="no runtime")], Entry(), [])


def test_another_platform_that_cannot_run_here_is_remembered() -> None:
    """The platform of this machine was tested; the other one is named as not done."""
    entry, not_done = Entry(), list[str]()
    other = changed(verdict=Verdict.INCOMPLETE, platform="linux/arm64", required=False, message="can't run here")
    judge_tests([AMD, other], entry, not_done)
    assert not_done == ["test of linux/arm64: can't run here"]
    assert entry.verdict is Verdict.INCOMPLETE


def test_a_passed_test_says_what_was_measured() -> None:
    """Cases, limits with their figures, and by what."""
    entry = Entry()
    limit = LimitResult(name="ready_s", limit=20, measured=1.23456, unit="s", verdict=Verdict.PASSED)
    judge_tests([changed(cases=(CaseResult(name="a", verdict=Verdict.PASSED),), limits=(limit,))], entry, [])
    assert entry.message == "1 golden cases, ready_s 1.235 s by runc"
    judge_tests([AMD], entry, [])
    assert entry.message == "it runs by runc"
