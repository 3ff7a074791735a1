from __future__ import annotations

import signal
import threading
from collections.abc import Callable

import pytest

from tidegate.release.interruption import deferred


def interrupted(work: Callable[[], object]) -> None:
    """Ctrl-C comes first, then the work is done."""
    with deferred():
        signal.raise_signal(signal.SIGINT)
        work()


def test_ctrl_c_waits_for_the_end_of_the_block() -> None:
    """What must not be torn apart is done, and then it ends."""
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        interrupted(lambda: done.append("all of it"))
    assert done == ["all of it"]


def test_the_first_of_several_signals_counts() -> None:
    """By its own handler, once the block is over."""
    came: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: came.append(number))
    try:
        with deferred():
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGINT)
            assert came == []
        assert came == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)


def test_an_error_is_not_hidden_by_a_signal_that_came_before() -> None:
    """Both are known: the error is what the interruption came upon."""
    with pytest.raises(KeyboardInterrupt) as caught:
        interrupted(lambda: int("broken"))
    assert isinstance(caught.value.__context__, ValueError)


def test_handlers_are_as_before_afterwards() -> None:
    """Nothing is deferred any more."""
    before = signal.getsignal(signal.SIGINT)
    with deferred():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads_have_no_handlers_to_change() -> None:
    """Python lets only the main thread do it."""
    ran = []

    def work() -> None:
        with deferred():
            ran.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ran == [signal.getsignal(signal.SIGINT)]
