from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tidegate.cli.context import Context
from tidegate.cli.outcome import show
from tidegate.oci.digest import Digest
from tidegate.project.verdict import Verdict
from tidegate.release.report.model import Failure, ReleaseReport

DIGEST = Digest.of(b"image")
PASSED = ReleaseReport(
    verdict=Verdict.PASSED,
    model="digits",
    version="1.0",
    digest=DIGEST,
    commit="ab" * 20,
    references=("r.example/d:1",),
)


def shown(report: ReleaseReport, capsys: pytest.CaptureFixture[str], *, as_json: bool = False) -> tuple[str, str]:
    show(report, Path("out"), Context({}, as_json=as_json))
    found = capsys.readouterr()
    return found.out, found.err


def changed(**changes: object) -> ReleaseReport:
    return msgspec.structs.replace(PASSED, **changes)


def test_stdout_ends_with_the_digest(capsys: pytest.CaptureFixture[str]) -> None:
    """Below the references; a script takes the last line."""
    out, err = shown(PASSED, capsys)
    assert out.splitlines() == ["r.example/d:1", str(DIGEST)]
    assert "verdict  passed: digits 1.0 at abababababab is released" in err


def test_stdout_is_kept_for_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    """With --json everything else is on stderr."""
    out, err = shown(PASSED, capsys, as_json=True)
    assert out == ""
    assert str(DIGEST) in err


def test_a_failed_release_says_why_and_what_next(capsys: pytest.CaptureFixture[str]) -> None:
    """And has no digest on stdout."""
    failed = changed(verdict=Verdict.FAILED, references=(), error=Failure(message="no", hint="mend it", exit_code=3))
    out, err = shown(failed, capsys)
    assert out == ""
    assert "error: no\n  next: mend it\n" in err
    assert "FAILED: digits 1.0 at abababababab was not released" in err


def test_a_release_that_was_stopped_too_late_says_that_it_is_out(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody may think that nothing happened."""
    _, err = shown(changed(verdict=Verdict.FAILED, error=Failure(message="interrupted", exit_code=130)), capsys)
    assert "all its tags had moved" in err


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"unchanged": True}, "is there already"),
        ({"dry_run": True, "references": ()}, "would be released"),
        ({"references": ()}, "has no destination here"),
        ({"verdict": Verdict.INCOMPLETE, "not_done": ("scan: x",)}, "but not everything was checked"),
        ({"commit": ""}, "at no commit"),
    ],
)
def test_the_end_says_what_came_of_it(
    changes: dict[str, object], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one sentence."""
    assert sentence in shown(changed(**changes), capsys)[1]


def test_what_was_left_out_and_not_done_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """Loudly."""
    _, err = shown(changed(skipped=("r.example/x: for branch main",), not_done=("scan: no data",)), capsys)
    assert "not pushed to r.example/x: for branch main" in err
    assert "NOT DONE: scan: no data" in err
