from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tidegate.distribution.progress import Progress, Silent
from tidegate.errors import GateError, Terminated
from tidegate.project.reader import Project, parse
from tidegate.project.verdict import Verdict
from tidegate.release.journal import Journal
from tidegate.release.state import State
from tidegate.trace.record import Stage

NOW = datetime(2026, 5, 1, tzinfo=UTC)


class Heard:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    @property
    def transfer(self) -> Progress:
        return Silent()

    def begin(self, stage: str) -> None:
        self.said.append(f"begin {stage}")

    def at(self, label: str, count: int, total: int) -> None:
        self.said.append(f"{label} {count}")

    def note(self, text: str) -> None:
        self.said.append(text)

    def end(self, stage: Stage) -> None:
        self.said.append(f"end {stage.name} {stage.verdict}")


@pytest.fixture
def journal() -> Journal:
    config = parse({"tidegate": 1, "model": {"name": "digits"}}, {})
    state = State(project=Project(Path(), config, Path("tidegate.yaml")), started=NOW, finished=NOW)
    return Journal(state, Heard())


def said(journal: Journal) -> list[str]:
    assert isinstance(journal.listener, Heard)
    return journal.listener.said


def test_a_stage_is_told_and_written_down(journal: Journal) -> None:
    """With the verdict and message that the block gave it."""
    with journal.stage("scan") as entry:
        entry.verdict, entry.message = Verdict.INCOMPLETE, "some"
    (stage,) = journal.state.stages
    assert (stage.name, stage.verdict, stage.message) == ("scan", Verdict.INCOMPLETE, "some")
    assert said(journal) == ["begin scan", "end scan incomplete"]


def test_a_stage_that_raises_has_failed(journal: Journal) -> None:
    """Its message is the error's first line, without passwords; the error goes on."""
    with pytest.raises(GateError), journal.stage("test"):
        raise GateError("no: https://u:hunter2@r.example/x\nlong story")
    (stage,) = journal.state.stages
    assert (stage.verdict, stage.message) == (Verdict.FAILED, "no: https://***@r.example/x")
    assert journal.state.verdict is Verdict.FAILED


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, Terminated])
def test_an_interrupted_stage_has_failed(journal: Journal, interruption: type[KeyboardInterrupt]) -> None:
    """Ctrl-C and SIGTERM leave no stage without an end."""
    with pytest.raises(interruption), journal.stage("push"):
        raise interruption
    assert journal.state.stages[0].verdict is Verdict.FAILED
    assert said(journal)[-1] == "end push failed"
