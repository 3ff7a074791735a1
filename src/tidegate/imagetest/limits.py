"""Budgets for a model: time until ready, time per request, memory."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tidegate.imagetest.interface import Memory
from tidegate.imagetest.report import LimitResult
from tidegate.project.verdict import Verdict

_MEGABYTE = 1_000_000


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile: the smallest value that `share` of all values don't exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def ready(limit: float, seconds: float | None) -> LimitResult:
    """`seconds` is None for a model that did not get ready."""
    return _result("ready_s", limit, seconds, "s", missing=Verdict.FAILED, message="the model did not get ready")


def latency(limit: float, seconds: Sequence[float], why_not: str = "") -> LimitResult:
    """The 95th percentile of request times in seconds, as milliseconds."""
    measured = percentile(seconds, 0.95) * 1000 if seconds else None
    return _result("p95_ms", limit, measured, "ms", missing=Verdict.INCOMPLETE, message=why_not)


def memory(limit: float, used: Memory) -> LimitResult:
    """Peak memory in 10^6 bytes; a model that was ended for it has failed whatever was measured."""
    measured = None if used.peak is None else used.peak / _MEGABYTE
    if used.killed:
        return LimitResult(
            name="memory_mb",
            limit=limit,
            measured=_rounded(measured),
            unit="MB",
            verdict=Verdict.FAILED,
            message="the model needed more and was ended",
        )
    why = f"memory could not be measured ({used.method})"
    return _result("memory_mb", limit, measured, "MB", missing=Verdict.INCOMPLETE, message=why)


def _result(
    name: str, limit: float, measured: float | None, unit: str, *, missing: Verdict, message: str
) -> LimitResult:
    if measured is None:
        return LimitResult(name=name, limit=limit, measured=None, unit=unit, verdict=missing, message=message)
    verdict = Verdict.PASSED if measured <= limit else Verdict.FAILED
    return LimitResult(name=name, limit=limit, measured=_rounded(measured), unit=unit, verdict=verdict)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
