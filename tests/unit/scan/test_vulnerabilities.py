from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from tidegate.advisories.osv import Advisory, Affected, Event, Package, Range, Severity
from tidegate.advisories.store import Source
from tidegate.scan import packages
from tidegate.scan.vulnerabilities import Matches, match

NOW = datetime(2026, 5, 1, tzinfo=UTC)
DAY = 86400.0
TORCH = packages.Package("pypi", "Torch", "2.1.0+cu118", "a/METADATA", "PyPI", "Torch", "2.1.0+cu118")
SSL = packages.Package("deb", "libssl3", "3.0-1", "status", "Debian:12", "openssl", "3.0-1")


def advisory(name: str, ecosystem: str = "PyPI", fixed: str = "9", **more: object) -> Advisory:
    ranges = (Range("ECOSYSTEM", (Event(introduced="0"), Event(fixed=fixed))),)
    return Advisory(name, affected=(Affected(Package(ecosystem, "x"), ranges),), **more)  # type: ignore[arg-type]


class Data:
    """Advisories for every package."""

    def __init__(self, *records: Advisory, suites: Sequence[str] = ("PyPI", "Debian:12"), age: float = 1.0) -> None:
        self.records = records
        self.suites = suites
        self.newest = NOW - timedelta(days=age)

    def sources(self) -> list[Source]:
        families = {suite.partition(":")[0] for suite in self.suites}
        counts = dict.fromkeys(self.suites, 1)
        return [
            Source(family=f, name="s", records=1, suites=counts, unreadable=0, newest=self.newest, updated=NOW)
            for f in families
        ]

    def lookup(self, ecosystem: str, name: str) -> tuple[Advisory, ...]:
        assert name in {"Torch", "openssl"}
        return self.records


def run(*found: packages.Package, data: Data | None) -> Matches:
    return match(found, data, "Debian:12", required=True, max_age=7 * DAY, now=NOW)


def test_a_flaw_is_one_finding_however_many_records_it_has() -> None:
    """Aliases are symmetric and transitive; the CVE gives the name."""
    data = Data(
        advisory("PYSEC-1", aliases=("GHSA-1",)),
        advisory("CVE-1", aliases=("GHSA-1",), severity=(Severity("CVSS_V2", "AV:N/AC:L/Au:N/C:C/I:C/A:C"),)),
        advisory("GHSA-2"),
    )
    first, second = run(TORCH, data=data).findings
    assert (first.id, first.aliases, first.severity) == ("CVE-1", ("GHSA-1", "PYSEC-1"), "critical")
    assert (second.id, second.severity, second.fixed_in) == ("GHSA-2", "unknown", "9")


def test_debian_updates_are_called_by_what_they_are() -> None:
    """Once for a source package, with the flaws that they mend."""
    data = Data(advisory("DSA-1-1", "Debian:12", upstream=("CVE-1", "CVE-2")))
    other = packages.Package("deb", "openssl", "3.0-1", "status", "Debian:12", "openssl", "3.0-1")
    (finding,) = run(SSL, other, data=data).findings
    assert (finding.id, finding.subject) == ("DSA-1-1", "openssl 3.0-1")
    assert finding.message == "missing published security update (CVE-1, CVE-2)"
    assert finding.aliases == ()


def test_another_suite_is_not_matched() -> None:
    """Debian 11's update says nothing of Debian 12."""
    assert run(SSL, data=Data(advisory("DSA-1-1", "Debian:11"))).findings == []


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "no vulnerability data"),
        (Data(suites=("Debian:12",)), "no vulnerability data"),
        (Data(age=8), "8.0 days"),
    ],
)
def test_missing_and_old_data_are_not_done(data: Data | None, words: str) -> None:
    """With the command that mends it."""
    (item,) = run(TORCH, data=data).not_done
    assert words in item.reason
    assert "tidegate advisories update" in item.reason
    assert item.required


def test_old_data_is_used_all_the_same() -> None:
    """It can only find more."""
    assert len(run(TORCH, data=Data(advisory("A"), age=100)).findings) == 1


def test_systems_without_data_are_not_done() -> None:
    """Ubuntu's packages aren't Debian's."""
    ubuntu = packages.Package("deb", "x", "1", "status", source="x", source_version="1")
    matches = match([ubuntu], Data(), "ubuntu", required=True, max_age=DAY, now=NOW)
    assert "ubuntu" in matches.not_done[0].reason


def test_a_record_that_cannot_be_compared_is_not_done() -> None:
    """It is neither a finding nor forgotten."""
    matches = run(TORCH, data=Data(advisory("A", fixed="4.6.0.stable11")))
    assert matches.findings == []
    assert matches.not_done[0].id == "A"
