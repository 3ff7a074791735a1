"""A model that is no server: started once for each golden case, its input on stdin, its answer on stdout."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tidegate.imagetest.interface import Launcher, Memory
from tidegate.imagetest.plan import Case
from tidegate.imagetest.protocols import body
from tidegate.imagetest.report import CaseResult
from tidegate.project.verdict import Verdict

_MAX_ANSWER = 64 << 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was seen of one run of the command."""

    result: CaseResult
    memory: Memory
    log: str
    notes: tuple[str, ...]


def ask(launcher: Launcher, case: Case, seconds: float, clock: Callable[[], float]) -> Outcome:
    """One case, given `seconds` until it has ended."""
    with tempfile.TemporaryDirectory(prefix="tidegate-case-") as folder:
        stdout = Path(folder, "stdout")
        with launcher.start(stdin=case.input_path, stdout=stdout) as model:
            started = clock()
            code = model.wait(seconds)
            taken = clock() - started
            problem = _problem(case, code, stdout, seconds)
            memory = model.memory()
            if memory.killed:
                problem = "ended, as it needed more memory than the limit"
            log, notes = model.log(), model.notes
    verdict = Verdict.FAILED if problem else Verdict.PASSED
    result = CaseResult(name=case.name, verdict=verdict, message=problem or "", seconds=round(taken, 6))
    return Outcome(result, memory, log, notes)


def _problem(case: Case, code: int | None, stdout: Path, seconds: float) -> str | None:
    if code is None:
        return f"did not end within {seconds:g} s (test.limits.ready_s)"
    if code != 0:
        return f"exit code {code}"
    with stdout.open("rb") as file:
        answer = file.read(_MAX_ANSWER + 1)
    if len(answer) > _MAX_ANSWER:
        return f"the answer has more than the {_MAX_ANSWER} bytes that are accepted"
    return body.compare(case, answer)
