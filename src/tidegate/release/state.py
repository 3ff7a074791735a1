"""All that is known of one release while it goes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from tidegate.build.builder import Built
from tidegate.errors import Error
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.digest import Digest
from tidegate.project.lock import Lock
from tidegate.project.reader import Project
from tidegate.project.verdict import Verdict
from tidegate.release.source import Source
from tidegate.trace.record import Stage

if TYPE_CHECKING:
    from tidegate.imagetest.report import TestReport
    from tidegate.release.gates import Scanned


@dataclass(slots=True, kw_only=True)
class State:
    """Filled in stage by stage; what is still None had not been reached when the release ended."""

    project: Project
    started: datetime
    finished: datetime
    dry_run: bool = False
    source: Source | None = None
    lock: Lock | None = None
    built: Built | None = None
    # The image of an earlier release of this commit, where a build can't be repeated to the same bytes.
    published: Descriptor | None = None
    scanned: Scanned | None = None
    tests: tuple[TestReport, ...] = ()
    stages: list[Stage] = field(default_factory=list)
    not_done: list[str] = field(default_factory=list)
    skipped: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    evidence: dict[str, Digest] = field(default_factory=dict)
    unchanged: bool = False
    # All tags of all places are on the image.
    tagged: bool = False
    error: Error | None = None

    @property
    def image(self) -> Descriptor:
        """The image or index that is released; there must be one."""
        image = self.built.descriptor if self.built else self.published
        assert image is not None  # noqa: S101 - stages that need the image come after the build
        return image

    @property
    def verdict(self) -> Verdict:
        if self.error is not None:
            return Verdict.FAILED
        undone = [Verdict.INCOMPLETE] if self.not_done else []
        return Verdict.combine([*(stage.verdict for stage in self.stages), *undone])

    @property
    def exit_code(self) -> int:
        return self.error.exit_code if self.error else 0
