from __future__ import annotations

import msgspec
from tests.unit.scan.reports import REPORT

from tidegate.scan.report import ScanReport


def test_the_document_is_the_contract() -> None:
    """Its keys, and those of a finding, as the reference has them."""
    document = msgspec.json.decode(msgspec.json.encode(REPORT))
    assert {"verdict", "stops", "findings", "not_done", "warnings", "packages", "advisories"} <= set(document)
    wanted = {"id", "category", "severity", "subject", "location", "fixed_in", "suppressed"}
    assert wanted <= set(document["findings"][0])
    assert document["findings"][1]["suppressed"]["owner"] == "@me"


def test_the_document_can_be_read_back() -> None:
    """As stored evidence is."""
    assert msgspec.json.decode(msgspec.json.encode(REPORT), type=ScanReport) == REPORT


def test_counts_leave_out_what_is_suppressed() -> None:
    """By severity."""
    assert REPORT.counts() == {"high": 1}
