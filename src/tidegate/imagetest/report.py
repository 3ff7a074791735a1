"""What a test ends in: the document that `--json` prints and that is kept as evidence."""

from __future__ import annotations

import msgspec

from tidegate.project.verdict import Verdict


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the report."""


class CaseResult(Result, frozen=True):
    """One golden case; `message` names the first difference."""

    name: str
    verdict: Verdict
    message: str = ""
    seconds: float = 0.0


class LimitResult(Result, frozen=True, kw_only=True):
    """One budget; `measured` is None when it could not be measured, as `message` explains."""

    name: str
    limit: float
    measured: float | None = None
    unit: str
    verdict: Verdict
    message: str = ""


class TestReport(Result, frozen=True):
    """`runtime` is what ran the model, `memory_method` how its memory was counted, `log` its last words on failure."""

    verdict: Verdict
    image: str
    platform: str
    protocol: str
    runtime: str = ""
    memory_method: str = ""
    network: str = "none"
    required: bool = True
    message: str = ""
    cases: tuple[CaseResult, ...] = ()
    limits: tuple[LimitResult, ...] = ()
    notes: tuple[str, ...] = ()
    log: str = ""

    def to_json(self) -> bytes:
        return msgspec.json.encode(self)
