"""JUnit XML."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.release.report.samples import FAILED, INCOMPLETE, PASSED

from tidegate.project.verdict import Verdict
from tidegate.release.report.junit import render
from tidegate.release.report.model import ReleaseReport
from tidegate.trace.record import Stage


def counts(report: ReleaseReport) -> dict[str, tuple[str | None, ...]]:
    """Tests, failures, errors and skipped of each suite."""
    root = ET.fromstring(render(report))
    keys = ("tests", "failures", "errors", "skipped")
    return {suite.attrib["name"]: tuple(suite.get(key) for key in keys) for suite in root}


def test_all_that_passed() -> None:
    """Stages, cases and limits are suites."""
    assert counts(PASSED) == {
        "stages": ("2", "0", "0", "0"),
        "golden cases": ("1", "0", "0", "0"),
        "limits": ("1", "0", "0", "0"),
    }


def test_an_optional_check_that_was_not_done_is_skipped() -> None:
    """It does not turn the build red, and does not count as passed."""
    assert counts(INCOMPLETE)["stages"] == ("1", "0", "0", "1")


def test_a_required_check_that_was_not_done_is_an_error() -> None:
    """It stopped the release."""
    assert counts(FAILED)["stages"] == ("2", "1", "1", "0")
    assert counts(FAILED)["limits"] == ("1", "0", "1", "0")


def test_a_failure_says_what_differs() -> None:
    """The message of the golden case."""
    failure = ET.fromstring(render(FAILED)).find("testsuite[@name='golden cases']/testcase/failure")
    assert failure is not None
    assert failure.get("message") == "outputs[0] is 7,\nexpected 1"


@given(st.text())
def test_any_text_is_well_formed(text: str) -> None:
    """Control characters of a log are not allowed in XML, not even escaped."""
    stage = Stage(name=text, verdict=Verdict.FAILED, message=text)
    ET.fromstring(render(msgspec.structs.replace(PASSED, model=text, stages=(stage,))))
