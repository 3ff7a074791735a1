"""Showing a running release: bars at a terminal, plain lines anywhere else."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from tidegate.distribution.progress import Outcome, Progress
from tidegate.oci.descriptor import Descriptor
from tidegate.project.verdict import Verdict
from tidegate.release.events import Listener
from tidegate.trace.record import Stage

if TYPE_CHECKING:
    from tidegate.cli.context import Context

_MARKS = {Verdict.PASSED: "ok", Verdict.FAILED: "FAILED", Verdict.INCOMPLETE: "NOT DONE"}
_COLOURS = {Verdict.PASSED: "32", Verdict.FAILED: "31;1", Verdict.INCOMPLETE: "33;1"}
# A line about a transfer each time that so many more bytes are through, when there are no bars.
_STEP = 1 << 30


class Bar(Protocol):
    """What draws the bytes on their way."""

    def show(self, label: str, done: int, total: int) -> None: ...
    def hide(self, label: str) -> None: ...
    def clear(self) -> None: ...


@contextmanager
def listener(context: Context) -> Iterator[Listener]:
    """A listener for as long as a command works: with bars when stderr is a terminal."""
    terminal = sys.stderr.isatty() and context.environ.get("TERM") != "dumb"
    colours = terminal and not context.environ.get("NO_COLOR")
    bar = _terminal_bar() if terminal else Lines(context.note)
    try:
        yield Console(context.note, bar, colours=colours)
    finally:
        bar.clear()


def _terminal_bar() -> Bar:
    from tidegate.cli.bars import TerminalBar

    return TerminalBar()


class Console:
    """Prints a line for each stage, with a bar below it while bytes move."""

    def __init__(self, note: Callable[[str], None], bar: Bar, *, colours: bool) -> None:
        self._note = note
        self._bar = bar
        self._colours = colours
        self._lock = threading.Lock()
        self._done: dict[str, int] = {}
        # What is being done without anybody knowing how much there is of it.
        self._open = ""

    @property
    def transfer(self) -> Progress:
        return Transfer(self._bar)

    def begin(self, stage: str) -> None:
        self._done.clear()

    def at(self, label: str, count: int, total: int) -> None:
        with self._lock:
            if self._open and self._open != label:
                self._bar.hide(self._open)
            self._open = "" if total else label
            self._done[label] = self._done.get(label, 0) + count
            self._bar.show(label, self._done[label], total)
            if total and self._done[label] >= total:
                self._bar.hide(label)

    def note(self, text: str) -> None:
        self._bar.clear()
        self._note(text)

    def end(self, stage: Stage) -> None:
        self._bar.clear()
        mark = _MARKS[stage.verdict]
        if self._colours:
            mark = f"\x1b[{_COLOURS[stage.verdict]}m{mark}\x1b[0m"
        self._note(f"{stage.name:<8} {mark:<8} {stage.seconds:6.1f} s  {stage.message}".rstrip())


class Transfer:
    """Adds up the blobs of one copy for a bar."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self._lock = threading.Lock()
        self._total = 0
        self._positions: dict[str, int] = {}

    def plan(self, blobs: int, size: int) -> None:
        self._total = size

    def begin(self, blob: Descriptor) -> None:
        self._set(blob, 0)

    def at(self, blob: Descriptor, position: int) -> None:
        self._set(blob, position)

    def end(self, blob: Descriptor, outcome: Outcome) -> None:
        self._set(blob, blob.size)

    def _set(self, blob: Descriptor, position: int) -> None:
        with self._lock:
            self._positions[blob.digest] = position
            self._bar.show("push", sum(self._positions.values()), self._total)


class Lines:
    """For logs: a line each GiB."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
        self._said: dict[str, int] = {}

    def show(self, label: str, done: int, total: int) -> None:
        if done - self._said.get(label, 0) >= _STEP:
            self._said[label] = done
            self._note(f"  {label}: {size(done)}{f' of {size(total)}' if total else ''}")

    def hide(self, label: str) -> None:
        self._said.pop(label, None)

    def clear(self) -> None:
        self._said.clear()


def size(count: int) -> str:
    """Bytes for a person, in powers of ten."""
    for unit, factor in _UNITS.items():
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count} B"


_UNITS: Mapping[str, int] = {"TB": 10**12, "GB": 10**9, "MB": 10**6, "kB": 10**3}
