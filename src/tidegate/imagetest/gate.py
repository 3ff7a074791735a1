"""The test gate: starts the model, asks what is known, measures, and says what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tidegate.imagetest import limits, serving
from tidegate.imagetest.interface import Launcher, Memory
from tidegate.imagetest.plan import Plan
from tidegate.imagetest.protocols import command, none
from tidegate.imagetest.protocols.http import Http
from tidegate.imagetest.protocols.interface import ServerProtocol
from tidegate.imagetest.protocols.open_inference import OpenInference
from tidegate.imagetest.report import CaseResult, LimitResult, TestReport
from tidegate.project.verdict import Verdict

_LOG = 8 << 10


@dataclass(frozen=True, slots=True)
class _After:
    """What a model left behind."""

    memory: Memory
    log: str
    notes: tuple[str, ...]


def run(plan: Plan, launcher: Launcher, clock: Callable[[], float], *, base: str = "") -> TestReport:
    """Test a model. `clock` gives seconds that only rise; `base` is a path before those of all requests.

    Raises OutsideError when the model can't be started at all, ConfigError for a broken expectation.
    """
    if plan.test.gpu == "required":
        return not_done(plan, "it needs a GPU, and none can be given to the model here")
    protocol = _server(plan)
    if protocol is not None:
        return _serving(plan, protocol, launcher, clock, base)
    if plan.test.protocol == "command":
        return _command(plan, launcher, clock)
    return _none(plan, launcher)


def not_done(plan: Plan, reason: str, *, required: bool | None = None) -> TestReport:
    """The report of a test that could not be done, such as that of another platform's image."""
    return TestReport(
        verdict=Verdict.INCOMPLETE,
        image=plan.image,
        platform=plan.platform,
        protocol=plan.test.protocol,
        network=plan.test.network,
        required=plan.test.required if required is None else required,
        message=reason,
    )


def _server(plan: Plan) -> ServerProtocol | None:
    if plan.test.protocol == "open-inference":
        return OpenInference(plan.model)
    return Http(plan.test.ready) if plan.test.protocol == "http" else None


def _serving(
    plan: Plan, protocol: ServerProtocol, launcher: Launcher, clock: Callable[[], float], base: str
) -> TestReport:
    started = clock()
    with launcher.start() as model:
        outcome = serving.examine(plan, protocol, model, started, clock, base=base)
        after = _After(model.memory(), model.log(_LOG), model.notes)
    budgets = plan.test.limits
    results = [limits.ready(budgets.ready_s, outcome.ready_s)]
    if budgets.p95_ms is not None:
        why = outcome.not_timed or outcome.problem
        results.append(limits.latency(budgets.p95_ms, () if outcome.problem else outcome.seconds, why))
    results += _memory(plan, after.memory)
    return _report(plan, launcher.name, after, outcome.cases, results, problem=outcome.problem)


def _command(plan: Plan, launcher: Launcher, clock: Callable[[], float]) -> TestReport:
    outcomes = [command.ask(launcher, case, plan.test.limits.ready_s, clock) for case in plan.cases]
    if not outcomes:
        return not_done(plan, "protocol `command` has no golden case to run")
    largest = max((outcome.memory for outcome in outcomes), key=lambda used: (used.killed, used.peak or 0))
    failed = next((outcome for outcome in outcomes if outcome.result.verdict is not Verdict.PASSED), outcomes[-1])
    cases = [outcome.result for outcome in outcomes]
    after = _After(largest, failed.log[-_LOG:], failed.notes)
    return _report(plan, launcher.name, after, cases, _memory(plan, largest))


def _none(plan: Plan, launcher: Launcher) -> TestReport:
    with launcher.start() as model:
        problem = none.check(model, plan.test.limits.ready_s)
        after = _After(model.memory(), model.log(_LOG), model.notes)
    return _report(plan, launcher.name, after, [], _memory(plan, after.memory), problem=problem or "")


def _memory(plan: Plan, used: Memory) -> list[LimitResult]:
    limit = plan.test.limits.memory_mb
    return [] if limit is None else [limits.memory(limit, used)]


def _report(
    plan: Plan,
    runtime: str,
    after: _After,
    cases: Sequence[CaseResult],
    results: Sequence[LimitResult],
    *,
    problem: str = "",
) -> TestReport:
    verdict = _verdict(problem, cases, results)
    return TestReport(
        verdict=verdict,
        image=plan.image,
        platform=plan.platform,
        protocol=plan.test.protocol,
        runtime=runtime,
        memory_method=after.memory.method,
        network=plan.test.network,
        required=plan.test.required,
        message=problem,
        cases=tuple(cases),
        limits=tuple(results),
        notes=after.notes,
        log=after.log if verdict is not Verdict.PASSED else "",
    )


def _verdict(problem: str, cases: Iterable[CaseResult], results: Iterable[LimitResult]) -> Verdict:
    checks = [*(case.verdict for case in cases), *(limit.verdict for limit in results)]
    return Verdict.combine([Verdict.FAILED] if problem else checks)
