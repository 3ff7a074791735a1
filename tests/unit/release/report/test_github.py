"""What GitHub Actions shows."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.release.report.samples import ALL, FAILED, INCOMPLETE, PASSED, found, outcome, scanned

from tidegate.errors import StorageError
from tidegate.imagetest import report as testing
from tidegate.project.verdict import Verdict
from tidegate.release.report.github import MAX_ANNOTATIONS, MAX_SUMMARY, commands, outputs, publish, summary
from tidegate.release.report.model import Failure, ReleaseReport
from tidegate.trace.record import Stage


@pytest.mark.parametrize("report", ALL)
def test_a_summary_names_model_and_verdict(report: ReleaseReport) -> None:
    """In its heading."""
    heading = summary(report).splitlines()[0]
    assert "digits" in heading
    assert heading.endswith(str(report.verdict))


def test_a_summary_holds_the_checks() -> None:
    """Digest, commit, stages, cases, limits, findings; excepted ones are left to the report."""
    text = summary(PASSED)
    for word in (str(PASSED.digest), PASSED.commit, "4 layers", "tests/1.json", "11.3 ms", "80 ms", "medium"):
        assert word in text
    assert "C\\-3" not in text


def test_an_endless_summary_is_cut_below_githubs_limit() -> None:
    """GitHub refuses a longer one as a whole."""
    stages = tuple(Stage(name="é" * 9000, verdict=Verdict.PASSED, message="é" * 9000) for _ in range(100))
    text = summary(msgspec.structs.replace(PASSED, stages=stages))
    assert len(text.encode()) <= MAX_SUMMARY
    assert text.endswith("Cut: the rest is in the report.\n")


@given(st.text())
def test_a_cell_is_one_line_without_markup(text: str) -> None:
    """Text of a model cannot add rows, links or HTML to the page."""
    stage = Stage(name="build", verdict=Verdict.PASSED, message=text)
    made = summary(msgspec.structs.replace(PASSED, stages=(stage,), tests=(), scans=()))
    (row,) = (line for line in made.split("\n") if line.startswith("| build"))
    assert row.replace("\\|", "").replace("\\\\", "").count("|") == 5
    assert "<" not in row.replace("\\<", "")


def test_a_stopped_release_is_annotated_first() -> None:
    """Then the cases that differ, with their line ends escaped."""
    assert commands(FAILED)[:2] == (
        "::error title=Stopped::test: tests/1.json: outputs[0] is 7, expected 1",
        "::error title=golden case tests/1.json::outputs[0] is 7,%0Aexpected 1",
    )


def test_only_findings_that_stop_the_release_are_errors() -> None:
    """The others are in the summary."""
    stopping = scanned(found("D-4", "high", message="bad", fails=True), found("E-5", "high"))
    lines = commands(msgspec.structs.replace(PASSED, scans=(stopping,)))
    assert lines == ("::error title=high D-4::d 1 bad",)


def test_what_was_not_done_is_a_warning() -> None:
    """The release passed all the same."""
    assert commands(INCOMPLETE) == ("::warning title=Not done::advisories: no data on this machine",)


def test_there_are_at_most_ten() -> None:
    """GitHub shows no more of one step."""
    many = tuple(f"check {number}" for number in range(30))
    assert len(commands(msgspec.structs.replace(FAILED, not_done=many))) == MAX_ANNOTATIONS


@given(st.text(), st.text())
def test_no_text_starts_a_command_of_its_own(message: str, name: str) -> None:
    """A message with a line end could otherwise set a variable of the runner."""
    case = outcome(cases=(testing.CaseResult(name=name, verdict=Verdict.FAILED, message=message),))
    for line in commands(msgspec.structs.replace(FAILED, error=Failure(message=message), tests=(case,))):
        assert "\n" not in line
        assert "\r" not in line


def test_outputs_are_for_later_steps() -> None:
    """Empty where there is nothing to tell."""
    assert outputs(PASSED) == f"verdict=passed\ndigest={PASSED.digest}\nreference={PASSED.references[0]}\n"
    assert "reference=\n" in outputs(FAILED)


def test_the_runners_files_are_appended_to(tmp_path: Path) -> None:
    """Earlier steps wrote to the same summary."""
    page, output = tmp_path / "summary", tmp_path / "output"
    page.write_text("before\n")
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(page), "GITHUB_OUTPUT": str(output)}
    assert publish(FAILED, environ) == commands(FAILED)
    assert page.read_text() == "before\n" + summary(FAILED)
    assert output.read_text() == outputs(FAILED)


def test_elsewhere_nothing_happens(tmp_path: Path) -> None:
    """Only GitHub Actions reads these files."""
    assert publish(FAILED, {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}) == ()
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """With its name."""
    with pytest.raises(StorageError, match="Is a directory"):
        publish(PASSED, {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path)})
