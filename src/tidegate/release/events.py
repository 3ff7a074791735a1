"""What a release tells while it runs, so that somebody can show it."""

from __future__ import annotations

from typing import Protocol

from tidegate.distribution.progress import Progress
from tidegate.trace.record import Stage


class Listener(Protocol):
    """Told of each stage in order, from the thread that runs the release."""

    @property
    def transfer(self) -> Progress:
        """Told of blobs on their way."""

    def begin(self, stage: str) -> None:
        """A stage starts."""

    def at(self, label: str, count: int, total: int) -> None:
        """The stage did so many more bytes of what `label` names, of `total` in all, 0 where nobody knows.

        Called from several threads.
        """

    def note(self, text: str) -> None:
        """Something that a person should know, now."""

    def end(self, stage: Stage) -> None:
        """A stage ended."""
