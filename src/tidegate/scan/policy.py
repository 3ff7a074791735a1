"""What a finding means for the release: severities that fail, exceptions, and the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from fnmatch import fnmatchcase

import msgspec

from tidegate.errors import ConfigError
from tidegate.project.config import Ignore, Scan
from tidegate.project.verdict import Verdict
from tidegate.scan.report import SEVERITIES, Finding, NotDone, Suppression

_RANK = {"low": 0, "medium": 1, "high": 2, "critical": 3}
# A severity that nobody stated may be the worst: it counts as high.
_UNKNOWN_RANK = _RANK["high"]
_SECONDS = {"h": 3600.0, "d": 86400.0}


class Outcome(msgspec.Struct, frozen=True):
    """Findings and checks as they are judged, worst first, and what is to be said besides."""

    findings: tuple[Finding, ...]
    not_done: tuple[NotDone, ...]
    warnings: tuple[str, ...]
    verdict: Verdict
    stops: bool


def seconds(text: str) -> float:
    """`7d` or `12h` in seconds. Raises ConfigError."""
    try:
        return int(text[:-1]) * _SECONDS[text[-1:]]
    except (ValueError, KeyError):
        raise ConfigError(f"scan.advisories.max_age: {text!r}", hint="write it as 7d or 12h") from None


def judge(
    findings: Iterable[Finding], not_done: Iterable[NotDone], rules: Scan, ignore: Sequence[Ignore], today: date
) -> Outcome:
    """Apply the exceptions and the severity that fails. An exception holds to the end of its last day."""
    valid = [entry for entry in ignore if _last_day(entry) >= today]
    used: set[int] = set()
    judged = [_judge(finding, rules, valid, used) for finding in findings]
    open_checks = [_excuse(item, valid, used) for item in not_done]
    judged += [_expired(entry) for entry in ignore if _last_day(entry) < today]
    warnings = [
        f"ignore: {entry.id} ({entry.owner}) matches nothing; remove it" for entry in valid if id(entry) not in used
    ]
    left = [item for item in open_checks if item.suppressed is None]
    fails = any(finding.fails for finding in judged)
    verdict = Verdict.FAILED if fails else Verdict.INCOMPLETE if left else Verdict.PASSED
    return Outcome(
        findings=tuple(sorted(judged, key=_order)),
        not_done=tuple(sorted(open_checks, key=lambda item: (item.suppressed is not None, item.id, item.location))),
        warnings=tuple(warnings),
        verdict=verdict,
        stops=fails or any(item.required for item in left),
    )


def _judge(finding: Finding, rules: Scan, ignore: Sequence[Ignore], used: set[int]) -> Finding:
    names = {finding.id, *finding.aliases}
    suppressed = _suppression(names, finding.location, finding.purl, ignore, used)
    unfixed = rules.ignore_unfixed and finding.category == "vulnerability" and finding.fixed_in is None
    fails = suppressed is None and not unfixed and _rank(finding.severity) >= _RANK[rules.fail_on]
    return msgspec.structs.replace(finding, suppressed=suppressed, fails=fails)


def _excuse(item: NotDone, ignore: Sequence[Ignore], used: set[int]) -> NotDone:
    purl = item.location if item.location.startswith("pkg:") else ""
    return msgspec.structs.replace(item, suppressed=_suppression({item.id}, item.location, purl, ignore, used))


def _suppression(
    names: set[str], location: str, purl: str, ignore: Sequence[Ignore], used: set[int]
) -> Suppression | None:
    for entry in ignore:
        if entry.id in names and _any(location, entry.paths) and _any(purl, entry.purls):
            used.add(id(entry))
            return Suppression(statement=entry.statement, owner=entry.owner, expired_at=entry.expired_at)
    return None


def _any(text: str, globs: Sequence[str]) -> bool:
    return not globs or any(fnmatchcase(text.lstrip("/"), glob.lstrip("/")) for glob in globs)


def _expired(entry: Ignore) -> Finding:
    return Finding(
        id="exception-expired",
        category="hygiene",
        severity="high",
        subject=entry.id,
        location="tidegate.yaml",
        message=f"the exception for {entry.id} ended on {entry.expired_at}; {entry.owner}: renew or remove it",
        fails=True,
    )


def _last_day(entry: Ignore) -> date:
    try:
        return date.fromisoformat(entry.expired_at)
    except ValueError:
        raise ConfigError(f"ignore: {entry.id}: expired_at {entry.expired_at!r} is not a date") from None


def _rank(severity: str) -> int:
    return _RANK.get(severity, _UNKNOWN_RANK)


def _order(finding: Finding) -> tuple[bool, int, str, str, str]:
    worst_first = SEVERITIES.index(finding.severity)
    return finding.suppressed is not None, worst_first, finding.id, finding.subject, finding.location
