"""Several pieces of work at once, ended together by the first failure or by Ctrl-C."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")

# Seconds that a stopped run waits for work that is about to notice.
_GRACE = 1.0


class Cancelled(BaseException):
    """Raised in work that has no use any more; not an Error, so that nobody takes it for a failure."""


class Cancel:
    """A flag that work looks at on its way."""

    def __init__(self) -> None:
        self._set = threading.Event()

    def set(self) -> None:
        self._set.set()

    def check(self) -> None:
        """Raises Cancelled once the flag is set."""
        if self._set.is_set():
            raise Cancelled


def run_all(work: Callable[[T, Cancel], None], items: Iterable[T], jobs: int) -> None:
    """Do the work for every item, `jobs` at a time, in their order.

    The first failure, or an interrupt of the waiting thread, cancels what is left and is raised
    after a short while at most: the threads are daemons, so one that hangs in a call of the
    operating system doesn't hold up the end of the process.
    """
    waiting = deque(items)
    cancel = Cancel()
    done: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
    count = max(1, min(jobs, len(waiting)))
    threads = [threading.Thread(target=_drain, args=(work, waiting, cancel, done), daemon=True) for _ in range(count)]
    try:
        for thread in threads:
            thread.start()
        for _ in threads:
            failure = done.get()
            if failure is not None:
                raise failure
    except BaseException:
        cancel.set()
        _join(threads)
        raise


def _drain(
    work: Callable[[T, Cancel], None],
    waiting: deque[T],
    cancel: Cancel,
    done: queue.SimpleQueue[BaseException | None],
) -> None:
    try:
        while (item := _next(waiting)) is not None:
            cancel.check()
            work(item[0], cancel)
    except BaseException as error:  # noqa: BLE001 - it is raised in the waiting thread
        done.put(error)
    else:
        done.put(None)


def _next(waiting: deque[T]) -> tuple[T] | None:
    try:
        return (waiting.popleft(),)
    except IndexError:
        return None


def _join(threads: Iterable[threading.Thread]) -> None:
    until = time.monotonic() + _GRACE
    for thread in threads:
        if thread.ident is not None:
            thread.join(max(0.0, until - time.monotonic()))
