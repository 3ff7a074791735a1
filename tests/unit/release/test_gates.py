"""The gates' reports as evidence."""

from __future__ import annotations

import msgspec

from tidegate.imagetest import report
from tidegate.project.verdict import Verdict
from tidegate.release.gates import evidence_of


def reported(platform: str, verdict: Verdict) -> report.TestReport:
    return report.TestReport(
        verdict=verdict, image="", platform=platform, protocol="none", required=False, message=f"on {platform}"
    )


def test_the_platform_that_ran_is_the_evidence_whatever_the_order() -> None:
    """Optional tests too: what was seen is kept, with a note on what was not."""
    reports = (reported("linux/arm64", Verdict.INCOMPLETE), reported("linux/amd64", Verdict.PASSED))
    data, verdict = evidence_of(reports)
    kept = msgspec.json.decode(data)
    assert (kept["platform"], verdict) == ("linux/amd64", Verdict.PASSED)
    assert kept["notes"] == ["linux/arm64: not tested: on linux/arm64"]


def test_a_test_that_was_not_done_anywhere_is_no_passed_evidence() -> None:
    """Nothing that was not checked is called checked."""
    assert evidence_of((reported("linux/amd64", Verdict.INCOMPLETE),))[1] is Verdict.INCOMPLETE
