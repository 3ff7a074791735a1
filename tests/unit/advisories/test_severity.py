from __future__ import annotations

import pytest

from tidegate.advisories.osv import Severity
from tidegate.advisories.severity import base_score, rate

V3 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"


@pytest.mark.parametrize(
    ("vector", "score"),
    [
        (V3, 9.8),
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1),
        ("CVSS:3.1/AV:L/AC:H/PR:L/UI:N/S:U/C:N/I:N/A:L", 2.5),
        ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H", 9.9),
        ("CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N", 0.0),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H/E:P/RL:O", 7.5),
    ],
)
def test_version_3(vector: str, score: float) -> None:
    """The scores of the specification's own calculator."""
    assert base_score(Severity("CVSS_V3", vector)) == score


@pytest.mark.parametrize(
    ("vector", "score"),
    [
        ("AV:N/AC:L/Au:N/C:N/I:N/A:C", 7.8),
        ("(AV:N/AC:L/Au:N/C:C/I:C/A:C)", 10.0),
        ("AV:L/AC:H/Au:N/C:C/I:C/A:C", 6.2),
        ("AV:L/AC:L/Au:N/C:N/I:N/A:N", 0.0),
    ],
)
def test_version_2(vector: str, score: float) -> None:
    """The examples of the guide, 3.3."""
    assert base_score(Severity("CVSS_V2", vector)) == score


@pytest.mark.parametrize("vector", ["", "CVSS:3.1", "CVSS:3.1/AV:N", V3.replace("AV:N", "AV:Q"), "x" * 1000])
def test_a_broken_vector_has_no_score(vector: str) -> None:
    """Not a low one."""
    assert base_score(Severity("CVSS_V3", vector)) is None


def test_the_highest_counts_and_none_is_unknown() -> None:
    """A record may carry several; version 4 is not computed."""
    low = Severity("CVSS_V3", "CVSS:3.1/AV:L/AC:H/PR:L/UI:N/S:U/C:N/I:N/A:L")
    assert rate([low, Severity("CVSS_V3", V3)]) == "critical"
    assert rate([low]) == "low"
    assert rate([]) == "unknown"
    four = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H"
    assert rate([Severity("CVSS_V4", four)]) == "unknown"
