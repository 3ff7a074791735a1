"""Times the stages of a release, and tells whoever listens."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tidegate.errors import Error
from tidegate.project.verdict import Verdict
from tidegate.release.events import Listener
from tidegate.release.state import State
from tidegate.trace.record import Stage
from tidegate.transport.redaction import redact


@dataclass(slots=True)
class Entry:
    """What a stage says of itself when it is done."""

    verdict: Verdict = Verdict.PASSED
    message: str = ""


@dataclass(frozen=True, slots=True)
class Journal:
    """Writes stages into the state of a release."""

    state: State
    listener: Listener

    @contextmanager
    def stage(self, name: str) -> Iterator[Entry]:
        """A stage as long as the block lasts; it failed when the block raises."""
        entry = Entry()
        started = time.monotonic()
        self.listener.begin(name)
        try:
            yield entry
        except Error as error:
            entry.verdict, entry.message = Verdict.FAILED, redact(error.message.partition("\n")[0])
            raise
        except KeyboardInterrupt:
            entry.verdict, entry.message = Verdict.FAILED, "interrupted"
            raise
        finally:
            seconds = round(time.monotonic() - started, 3)
            stage = Stage(name=name, verdict=entry.verdict, seconds=seconds, message=entry.message)
            self.state.stages.append(stage)
            self.listener.end(stage)
