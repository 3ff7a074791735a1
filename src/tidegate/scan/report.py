"""What the scan gate says: the document of `--json` and the evidence beside the image."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

from tidegate.project.verdict import Verdict

Category = Literal["vulnerability", "model-file", "hygiene"]
# From the worst down; `unknown` is not low, see docs/reference/scan.md.
SEVERITIES = ("critical", "high", "unknown", "medium", "low")


class Report(msgspec.Struct, frozen=True):
    """A value of the report."""


class Suppression(Report, frozen=True, kw_only=True):
    """The exception of tidegate.yaml that a finding falls under."""

    statement: str
    owner: str
    expired_at: str


class Finding(Report, frozen=True, kw_only=True):
    """One flaw. `location` is a path in the image, `subject` a package and its version, or a file.

    `fails` says that it stops the release.
    """

    id: str
    category: Category
    severity: str
    subject: str
    location: str
    message: str = ""
    aliases: tuple[str, ...] = ()
    purl: str = ""
    fixed_in: str | None = None
    suppressed: Suppression | None = None
    fails: bool = False


class NotDone(Report, frozen=True, kw_only=True):
    """A check that was not done, why, and whether the release needs it."""

    id: str
    location: str
    reason: str
    required: bool
    suppressed: Suppression | None = None


class DataSource(Report, frozen=True, kw_only=True):
    """The vulnerability data that was used."""

    ecosystem: str
    source: str
    records: int
    newest: datetime
    updated: datetime
    age_days: float


class ScanReport(Report, frozen=True, kw_only=True):
    """The whole. `stops` says that the release may not go on: exit code 3."""

    schema: Literal["https://tidegate.dev/scan/v1"] = "https://tidegate.dev/scan/v1"
    verdict: Verdict
    stops: bool
    subjects: tuple[str, ...]
    scanned_at: datetime
    tidegate: str
    findings: tuple[Finding, ...] = ()
    not_done: tuple[NotDone, ...] = ()
    warnings: tuple[str, ...] = ()
    packages: int = 0
    files: int = 0
    advisories: tuple[DataSource, ...] = ()

    def counts(self) -> Mapping[str, int]:
        """Findings that are not suppressed, by severity, worst first."""
        found = [item.severity for item in self.findings if item.suppressed is None]
        return {severity: found.count(severity) for severity in SEVERITIES if severity in found}
