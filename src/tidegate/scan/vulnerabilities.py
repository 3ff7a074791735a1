"""Packages held against advisories: one finding for each flaw of each package."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from tidegate.advisories.osv import Advisory
from tidegate.advisories.ranges import Outcome, evaluate
from tidegate.advisories.severity import UNKNOWN, rate
from tidegate.advisories.store import Source
from tidegate.scan.packages import Package
from tidegate.scan.report import DataSource, Finding, NotDone

_UPDATE = "run: tidegate advisories update --from PATH|URL"


class Advisories(Protocol):
    """Where advisories are looked up."""

    def sources(self) -> Sequence[Source]: ...
    def lookup(self, ecosystem: str, name: str) -> Sequence[Advisory]: ...


@dataclass(slots=True)
class Matches:
    findings: list[Finding] = field(default_factory=list)
    not_done: list[NotDone] = field(default_factory=list)
    used: list[DataSource] = field(default_factory=list)


def match(
    packages: Sequence[Package],
    advisories: Advisories | None,
    distribution: str,
    *,
    required: bool,
    max_age: float,
    now: datetime,
) -> Matches:
    """Look every package up. What could not be looked up, for want of data or of fresh data, is in `not_done`.

    `max_age` is in seconds.
    """
    sources = {source.family: source for source in (advisories.sources() if advisories else ())}
    matches = Matches()
    for ecosystem in sorted({item.ecosystem for item in packages if item.ecosystem}):
        source = sources.get(ecosystem.partition(":")[0])
        reason = _unfit(ecosystem, source, max_age, now)
        if reason:
            matches.not_done.append(NotDone(id="vulnerabilities", location=ecosystem, reason=reason, required=required))
        if advisories is None or source is None or ecosystem not in source.suites:
            continue
        matches.used.append(_used(ecosystem, source, now))
        for package in _sources_once(item for item in packages if item.ecosystem == ecosystem):
            _match_one(package, advisories.lookup(ecosystem, package.source), matches, required=required)
    others = [item for item in packages if item.kind == "deb" and not item.ecosystem]
    if others:
        reason = f"{len(others)} packages of {distribution or 'an unnamed system'}: there is no data for it"
        matches.not_done.append(NotDone(id="vulnerabilities", location="dpkg", reason=reason, required=required))
    return matches


def _unfit(ecosystem: str, source: Source | None, max_age: float, now: datetime) -> str:
    if source is None or ecosystem not in source.suites:
        return f"there is no vulnerability data for {ecosystem}; {_UPDATE}"
    age = source.age_from(now)
    if age > max_age:
        return f"the data for {ecosystem} is {age / 86400:.1f} days old, more than {max_age / 86400:g}; {_UPDATE}"
    return ""


def _used(ecosystem: str, source: Source, now: datetime) -> DataSource:
    return DataSource(
        ecosystem=ecosystem,
        source=source.name,
        records=source.suites[ecosystem],
        newest=source.newest,
        updated=source.updated,
        age_days=round(source.age_from(now) / 86400, 1),
    )


def _sources_once(packages: Iterable[Package]) -> list[Package]:
    """Several binary packages of one Debian source are one thing to update."""
    found: dict[tuple[str, ...], Package] = {}
    for package in packages:
        place = package.location if package.kind == "pypi" else ""
        found.setdefault((package.source, package.source_version, place), package)
    return list(found.values())


def _match_one(package: Package, records: Sequence[Advisory], matches: Matches, *, required: bool) -> None:
    hits: list[tuple[Advisory, Outcome]] = []
    for record in records:
        outcomes = [
            evaluate(item, package.source_version)
            for item in record.affected
            if _concerns(item.package.ecosystem, package)
        ]
        affected = next((outcome for outcome in outcomes if outcome.affected), None)
        unclear = next((outcome.unclear for outcome in outcomes if outcome.unclear), "")
        if affected:
            hits.append((record, affected))
        elif unclear and record.withdrawn is None:
            matches.not_done.append(
                NotDone(id=record.id, location=package.purl, reason=f"can't be matched: {unclear}", required=required)
            )
    matches.findings.extend(_finding(package, group) for group in _group(hits))


def _concerns(ecosystem: str, package: Package) -> bool:
    """Whether an entry's suite is the package's; one that names no suite is for all."""
    return ecosystem in {package.ecosystem, package.ecosystem.partition(":")[0]}


def _group(hits: Sequence[tuple[Advisory, Outcome]]) -> list[list[tuple[Advisory, Outcome]]]:
    """Records of one flaw together: aliases are symmetric and transitive."""
    groups: list[list[tuple[Advisory, Outcome]]] = []
    for hit in hits:
        touching = [group for group in groups if any(hit[0].names & other.names for other, _ in group)]
        groups = [group for group in groups if group not in touching]
        groups.append([*(item for group in touching for item in group), hit])
    return groups


def _finding(package: Package, group: Sequence[tuple[Advisory, Outcome]]) -> Finding:
    names = sorted({name for record, _ in group for name in record.names}, key=_name_order)
    upstream = sorted({name for record, _ in group for name in record.upstream})
    title = next((record.summary for record, _ in group if record.summary), "")
    if upstream:
        title = f"missing published security update ({', '.join(upstream)})"
    severities = [
        item for record, _ in group for item in (*record.severity, *(s for a in record.affected for s in a.severity))
    ]
    return Finding(
        id=names[0],
        category="vulnerability",
        severity=rate(severities) if severities else UNKNOWN,
        subject=f"{package.source} {package.source_version}",
        location=package.location,
        message=title,
        aliases=tuple(names[1:]),
        purl=package.purl,
        fixed_in=next((outcome.fixed_in for _, outcome in group if outcome.fixed_in), None),
    )


def _name_order(name: str) -> tuple[bool, bool, str]:
    return not name.startswith("CVE-"), not name.startswith(("DSA-", "DLA-")), name
