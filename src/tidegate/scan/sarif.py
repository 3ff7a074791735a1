"""The scan report as SARIF 2.1.0, as code hosts show it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec

from tidegate import __version__
from tidegate.scan.report import Finding, ScanReport

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"critical": "error", "high": "error", "unknown": "error", "medium": "warning", "low": "note"}
# What GitHub shows as the severity of a rule, on the scale of CVSS.
_SCORES = {"critical": "9.5", "high": "8.0", "unknown": "7.0", "medium": "5.5", "low": "2.0"}


def write(report: ScanReport) -> bytes:
    """One run; suppressed findings are there with their reason."""
    rules = {finding.id: finding for finding in report.findings}
    run = {
        "tool": {
            "driver": {"name": "tidegate", "version": __version__, "rules": [_rule(f) for f in rules.values()]},
        },
        "invocations": [
            {
                "executionSuccessful": not report.not_done,
                "toolExecutionNotifications": [
                    {"level": "warning", "message": {"text": f"not done: {item.id} {item.location}: {item.reason}"}}
                    for item in report.not_done
                ],
            }
        ],
        "results": [_result(finding, list(rules).index(finding.id)) for finding in report.findings],
    }
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def _rule(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "shortDescription": {"text": finding.message or finding.id},
        "properties": {"security-severity": _SCORES[finding.severity], "tags": ["security", finding.category]},
    }


def _result(finding: Finding, index: int) -> dict[str, Any]:
    fix = f"; fixed in {finding.fixed_in}" if finding.fixed_in else ""
    result: dict[str, Any] = {
        "ruleId": finding.id,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.subject}: {finding.message or finding.id}{fix}"},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": _uri(finding.location)}}}],
        "partialFingerprints": {"tidegate/v1": f"{finding.id}|{finding.subject}|{finding.location}"},
    }
    if finding.suppressed is not None:
        reason = f"{finding.suppressed.statement} ({finding.suppressed.owner}, until {finding.suppressed.expired_at})"
        result["suppressions"] = [{"kind": "external", "justification": reason}]
    return result


def _uri(path: str) -> str:
    """A relative URI reference (RFC 3986) for a path in the image."""
    return quote(path.lstrip("/") or ".", safe="/!~")
