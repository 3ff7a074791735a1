from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.scan.reader import Budget, Reader, TooLarge, Truncated


def reader(data: bytes, budget: int = 1 << 40, *, skippable: bool = False) -> Reader:
    return Reader(io.BytesIO(data), Budget(budget), skippable=skippable)


STEPS = st.lists(st.tuples(st.sampled_from(["take", "skip", "peek", "read"]), st.integers(0, 90_000)), max_size=12)


@given(STEPS, st.booleans())
def test_every_way_of_reading_keeps_the_place(steps: list[tuple[str, int]], skippable: bool) -> None:
    """Peeking, taking, skipping and reading, in any order."""
    data = bytes(range(256)) * 1000
    subject = reader(data, skippable=skippable)
    at = 0
    for step, count in steps:
        left = data[at : at + count]
        if step == "peek":
            assert subject.peek(count) == left
        elif step == "read":
            got = subject.read(count)
            assert left.startswith(got)
            at += len(got)
        elif len(left) < count:
            with pytest.raises(Truncated):
                getattr(subject, step)(count)
            return
        else:
            getattr(subject, step)(count)
            at += count
        assert subject.position == at


def test_lines() -> None:
    """Without their line feed; longer ones are passed over."""
    subject = reader(b"short\n" + b"x" * 200_000 + b"\nend\nrest")
    assert [subject.line(10), subject.line(10), subject.line(10)] == [b"short", None, b"end"]
    with pytest.raises(Truncated):
        subject.line(10)


@pytest.mark.parametrize("step", ["skip", "take"])
def test_more_than_the_budget_is_refused(step: str) -> None:
    """Also when nothing is kept."""
    with pytest.raises(TooLarge):
        getattr(reader(bytes(300_000), 100_000), step)(300_000)


def test_the_whole_content_can_be_read_back_and_forth() -> None:
    """From a temporary file where the stream can't."""
    with reader(b"abc" * 100_000).seekable_file() as file:
        file.seek(-3, 2)
        assert file.read() == b"abc"
