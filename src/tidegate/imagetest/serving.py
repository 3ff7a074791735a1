"""Testing a model that serves: wait until it is ready, ask the golden cases, time some more requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle, islice

from tidegate.imagetest.client import Answer, AskError, Client, Request
from tidegate.imagetest.interface import Running
from tidegate.imagetest.plan import Case, Plan
from tidegate.imagetest.protocols.interface import ServerProtocol
from tidegate.imagetest.report import CaseResult
from tidegate.project.verdict import Verdict

# Seconds between two questions whether the model is ready, and the longest for one answer.
_STEP = 0.02
_READY_ANSWER = 2.0
_ANSWER = 120.0


@dataclass(slots=True)
class Outcome:
    """What was seen. `ready_s` is None when the model did not get ready, as `problem` explains."""

    ready_s: float | None = None
    problem: str = ""
    cases: list[CaseResult] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    not_timed: str = ""


def examine(
    plan: Plan, protocol: ServerProtocol, model: Running, started: float, clock: Callable[[], float], *, base: str
) -> Outcome:
    """`started` is the clock's time when the model was started; `base` a path before all requests'."""
    outcome = Outcome()
    client = Client(lambda timeout: model.connect(plan.port or 0, timeout), timeout=_ANSWER, base=base)
    try:
        wait = _Wait(protocol.ready(), plan.test.limits.ready_s, started, clock)
        outcome.problem = wait.until_ready(model, client)
        if outcome.problem:
            return outcome
        outcome.ready_s = clock() - started
        outcome.cases = [_ask(protocol, client, case) for case in plan.cases]
        if plan.test.limits.p95_ms is not None:
            _time(plan, protocol, client, outcome)
    finally:
        client.close()
    return outcome


@dataclass(frozen=True, slots=True)
class _Wait:
    """Asking a model again and again whether it is ready, for at most `limit` seconds since `started`."""

    request: Request
    limit: float
    started: float
    clock: Callable[[], float]

    def until_ready(self, model: Running, client: Client) -> str:
        """Empty once the model is ready, else why it is not."""
        last = "nobody listens"
        while True:
            code = model.wait(_STEP)
            if code is not None:
                return f"the model ended before it was ready (exit code {code})"
            left = self.limit - (self.clock() - self.started)
            if left <= 0:
                return f"the model was not ready after {self.limit:g} s: {last}"
            try:
                answer = client.ask(self.request, max(_STEP, min(_READY_ANSWER, left)))
            except AskError as error:
                last = str(error)
                continue
            if answer.status == 200:
                return ""
            last = f"{self.request.path} answered {answer.status}"


def _ask(protocol: ServerProtocol, client: Client, case: Case) -> CaseResult:
    try:
        answer = client.ask(protocol.request(case))
    except AskError as error:
        return CaseResult(name=case.name, verdict=Verdict.FAILED, message=str(error))
    problem = protocol.compare(case, answer)
    return CaseResult(
        name=case.name,
        verdict=Verdict.FAILED if problem else Verdict.PASSED,
        message=problem or "",
        seconds=round(answer.seconds, 6),
    )


def _time(plan: Plan, protocol: ServerProtocol, client: Client, outcome: Outcome) -> None:
    if any(case.verdict is not Verdict.PASSED for case in outcome.cases):
        outcome.not_timed = "not measured, as a golden case failed"
        return
    try:
        for answer in _answers(plan, protocol, client):
            if not 200 <= answer.status < 300:
                outcome.problem = f"a request that had succeeded was answered with status {answer.status} when repeated"
                return
            outcome.seconds.append(answer.seconds)
    except AskError as error:
        outcome.problem = f"a request that had succeeded failed when repeated: {error}"


def _answers(plan: Plan, protocol: ServerProtocol, client: Client) -> Iterator[Answer]:
    requests = [protocol.request(case) for case in plan.cases]
    return (client.ask(request) for request in islice(cycle(requests), plan.test.requests))
