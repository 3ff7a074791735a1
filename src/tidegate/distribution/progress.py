"""What a copy tells about itself while it runs, so that somebody can draw it."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from tidegate.oci.descriptor import Descriptor


class Outcome(StrEnum):
    """What happened to a blob."""

    SENT = "sent"
    MOUNTED = "mounted"
    SKIPPED = "skipped"


class Progress(Protocol):
    """Called from several threads, for each blob in the order begin, at…, end."""

    def plan(self, blobs: int, size: int) -> None:
        """How many blobs there are, and how many bytes in all."""

    def begin(self, blob: Descriptor) -> None:
        """Work on a blob starts."""

    def at(self, blob: Descriptor, position: int) -> None:
        """So many of the blob's bytes were taken; less than before when it is sent again."""

    def end(self, blob: Descriptor, outcome: Outcome) -> None:
        """The blob is there."""


class Silent:
    """Tells nobody."""

    def plan(self, blobs: int, size: int) -> None:
        pass

    def begin(self, blob: Descriptor) -> None:
        pass

    def at(self, blob: Descriptor, position: int) -> None:
        pass

    def end(self, blob: Descriptor, outcome: Outcome) -> None:
        pass
