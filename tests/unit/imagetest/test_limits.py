"""Budgets and what was measured."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from tidegate.imagetest import limits
from tidegate.project.verdict import Verdict


@dataclass(frozen=True)
class Used:
    """Memory as a container tells it."""

    peak: int | None
    method: str = "polled"
    killed: bool = False


@given(st.lists(st.floats(0, 10), min_size=1, max_size=200))
def test_percentile(values: list[float]) -> None:
    """At least 95 % of values don't exceed it, and it is one of them."""
    found = limits.percentile(values, 0.95)
    assert found in values
    assert sum(value <= found for value in values) >= 0.95 * len(values)


def test_latency() -> None:
    """The slowest 5 % are left out; milliseconds are compared."""
    seconds = [0.010] * 95 + [1.0] * 5
    assert limits.latency(10, seconds).verdict is Verdict.PASSED
    assert limits.latency(9.9, seconds).verdict is Verdict.FAILED


def test_not_measured() -> None:
    """A budget that was not measured is not done, never passed."""
    assert limits.latency(10, [], "no requests").verdict is Verdict.INCOMPLETE
    assert limits.memory(10, Used(None)).verdict is Verdict.INCOMPLETE
    assert limits.ready(10, None).verdict is Verdict.FAILED


def test_memory() -> None:
    """Memory is in millions of bytes; a model that was ended for it has failed."""
    assert limits.memory(100, Used(100_000_000)).verdict is Verdict.PASSED
    assert limits.memory(100, Used(100_001_000)).verdict is Verdict.FAILED
    assert limits.memory(100, Used(90_000_000, killed=True)).verdict is Verdict.FAILED
