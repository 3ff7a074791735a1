"""Several pieces of work at once."""

from __future__ import annotations

import threading

import pytest

from tidegate.transport.parallel import Cancel, Cancelled, run_all


@pytest.mark.parametrize("jobs", [1, 3, 50])
def test_every_piece_is_done_once(jobs: int) -> None:
    """With fewer threads than pieces, and with more."""
    done: list[int] = []
    run_all(lambda item, _: done.append(item), range(20), jobs)
    assert sorted(done) == list(range(20))


def test_nothing_to_do_is_done() -> None:
    """No thread, no wait."""
    run_all(lambda _, __: pytest.fail("there is nothing"), [], 4)


def test_they_run_at_the_same_time() -> None:
    """As many as there are jobs."""
    meeting = threading.Barrier(3)

    def work(item: int, cancel: Cancel) -> None:
        meeting.wait(10)

    run_all(work, range(3), 3)


def test_the_first_failure_stops_the_rest() -> None:
    """What has not begun never begins; what is under way can notice."""
    failed = threading.Event()
    noticed: list[bool] = []
    begun: list[int] = []

    def work(item: int, cancel: Cancel) -> None:
        begun.append(item)
        if item == 0:
            failed.set()
            raise ValueError("broken")
        failed.wait(10)
        try:
            while True:
                cancel.check()
        except Cancelled:
            noticed.append(True)
            raise

    with pytest.raises(ValueError, match="broken"):
        run_all(work, range(10), 2)
    assert noticed == [True]
    assert sorted(begun) == [0, 1]


def test_an_index_error_in_the_work_is_a_failure() -> None:
    """Not taken for the end of the list."""

    def work(item: int, cancel: Cancel) -> None:
        raise IndexError(item)

    with pytest.raises(IndexError):
        run_all(work, [1], 1)
