"""What a check, and everything made of checks, ends in."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Verdict(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    # A check was not done; a required one stops the release.
    INCOMPLETE = "incomplete"

    @staticmethod
    def combine(verdicts: Iterable[Verdict]) -> Verdict:
        """The worst of them: failed before incomplete before passed. Nothing at all is passed."""
        found = set(verdicts)
        return next((v for v in (Verdict.FAILED, Verdict.INCOMPLETE) if v in found), Verdict.PASSED)
