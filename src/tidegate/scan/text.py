"""The scan report for a person: what stops, what was found, what was not done."""

from __future__ import annotations

from collections.abc import Iterator

from tidegate.scan.report import Finding, NotDone, ScanReport


def lines(report: ScanReport) -> Iterator[str]:
    """Plain lines, worst first; what was not done is never left out."""
    severity = ""
    for finding in report.findings:
        if finding.suppressed is None:
            if finding.severity != severity:
                severity = finding.severity
                yield f"{severity.upper()}"
            yield from _finding(finding)
    yield from _suppressed(report)
    yield from _not_done(report.not_done)
    for source in report.advisories:
        yield f"data: {source.ecosystem}: {source.records} entries, {source.age_days} days old, from {source.source}"
    for warning in report.warnings:
        yield f"warning: {warning}"
    yield _summary(report)


def _finding(finding: Finding) -> Iterator[str]:
    fix = f"  fixed in {finding.fixed_in}" if finding.fixed_in else "  no fix" if finding.purl else ""
    mark = "x" if finding.fails else "-"
    yield f"  {mark} {finding.id}  {printable(finding.subject)}{fix}"
    if finding.message:
        yield f"      {printable(finding.message)}"
    if finding.category == "vulnerability":
        yield f"      in {printable(finding.location)}"


def _suppressed(report: ScanReport) -> Iterator[str]:
    excused = [item for item in report.findings if item.suppressed is not None]
    if excused:
        yield "SUPPRESSED"
    for item in excused:
        if (reason := item.suppressed) is not None:
            yield f"  - {item.id}  {printable(item.subject)}  until {reason.expired_at}, {reason.owner}"
            yield f"      {printable(reason.statement)}"


def _not_done(items: tuple[NotDone, ...]) -> Iterator[str]:
    if items:
        yield "NOT DONE"
    for item in items:
        need = "suppressed" if item.suppressed else "required" if item.required else "optional"
        yield f"  ! {item.id}  {printable(item.location)}  ({need})"
        yield f"      {printable(item.reason)}"


def _summary(report: ScanReport) -> str:
    counts = ", ".join(f"{number} {severity}" for severity, number in report.counts().items()) or "no findings"
    return f"scan {report.verdict}: {counts}; {report.packages} packages, {report.files} files"


def printable(text: str) -> str:
    """Text from inside an image, safe for a terminal."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
