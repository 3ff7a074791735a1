"""How long to wait before the next try."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.transport.retry import RetryPolicy

POLICY = RetryPolicy(attempts=8, first_wait=0.5, longest_wait=30.0)


@given(st.integers(0, 200))
def test_waits_grow_up_to_the_longest(attempt: int) -> None:
    """With jitter of at most one half."""
    wait = POLICY.wait(attempt, None, 0.0)
    full = min(0.5 * 2.0**attempt, 30.0)
    assert full / 2 <= wait <= full


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("7", 7),
        ("3600", 30),
        ("99999999999999999999", 30),
        ("Thu, 01 Jan 1970 00:00:12 GMT", 2),
        ("Thu, 01 Jan 1970 00:00:01 GMT", 0),
    ],
)
def test_retry_after_is_followed_within_reason(header: str, seconds: float) -> None:
    """Seconds or a date, never longer than the longest wait. The clock stands at 10."""
    assert POLICY.wait(0, header, 10.0) == seconds


@given(st.text(max_size=40))
def test_any_retry_after_gives_a_wait(header: str) -> None:
    """What can't be read is as good as none."""
    assert 0 <= POLICY.wait(0, header, 10.0) <= 30
