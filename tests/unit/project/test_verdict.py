from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tidegate.project.verdict import Verdict

VERDICTS = st.lists(st.sampled_from(Verdict))


@given(VERDICTS)
def test_the_worst_decides(verdicts: list[Verdict]) -> None:
    """One failure fails all; one check not done keeps the rest from being called passed."""
    combined = Verdict.combine(verdicts)
    if Verdict.FAILED in verdicts:
        assert combined is Verdict.FAILED
    elif Verdict.INCOMPLETE in verdicts:
        assert combined is Verdict.INCOMPLETE
    else:
        assert combined is Verdict.PASSED


@given(VERDICTS, VERDICTS)
def test_order_and_grouping_do_not_matter(first: list[Verdict], second: list[Verdict]) -> None:
    """Combining parts and then their results is combining all."""
    parts = [Verdict.combine(second), Verdict.combine(first)]
    assert Verdict.combine(parts) == Verdict.combine(first + second)
