from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.advisories.osv import Affected, Event, Package, Range
from tidegate.advisories.ranges import evaluate


def affected(*events: dict[str, str], ecosystem: str = "PyPI", versions: tuple[str, ...] = ()) -> Affected:
    ranges = (Range("ECOSYSTEM", tuple(Event(**event) for event in events)),) if events else ()
    return Affected(Package(ecosystem, "x"), ranges, versions)


OPEN = {"introduced": "0"}


@pytest.mark.parametrize(
    ("events", "version", "expected"),
    [
        ([OPEN], "999", True),
        ([OPEN, {"fixed": "2.0"}], "1.9", True),
        ([OPEN, {"fixed": "2.0"}], "2.0", False),
        ([OPEN, {"fixed": "2.0"}], "2.0rc1", True),
        ([{"fixed": "2.0"}, {"introduced": "1.0"}], "1.5", True),
        ([{"fixed": "2.0"}, {"introduced": "1.0"}], "0.5", False),
        ([OPEN, {"last_affected": "2.1.0"}], "2.1.0", True),
        ([OPEN, {"last_affected": "2.1.0"}], "2.1.0+cu118", True),
        ([OPEN, {"last_affected": "2.1.0"}], "2.1.1", False),
        ([OPEN, {"last_affected": "2.6.0-NA"}], "2.6.0", True),
        ([OPEN, {"last_affected": "2.6.0-cu124"}], "2.6.1", False),
        ([OPEN, {"fixed": "1.0"}, {"introduced": "2.0"}, {"fixed": "2.5"}], "2.1", True),
        ([OPEN, {"fixed": "1.0"}, {"introduced": "2.0"}, {"fixed": "2.5"}], "1.5", False),
        ([{"introduced": "2.0"}, OPEN, {"fixed": "2.5"}, {"fixed": "1.0"}], "1.5", False),
        ([OPEN, {"limit": "1.0"}], "1.0", False),
        ([OPEN, {"limit": "*"}], "1.0", True),
    ],
)
def test_python_ranges(events: list[dict[str, str]], version: str, expected: bool) -> None:
    """In PEP 440's order, events sorted first, local versions by their public part."""
    assert evaluate(affected(*events), version).affected is expected


@pytest.mark.parametrize(
    ("fixed", "version", "expected"),
    [
        ("1.0-1", "1.0-1~deb12u1", True),
        ("1:0.1-1", "9.0-1", True),
        ("1.0-1+deb12u2", "1.0-1+deb12u10", False),
        ("3.0.20-1~deb12u2", "3.0.19-1~deb12u2", True),
        ("1.0-1", "1.0-1", False),
    ],
)
def test_debian_ranges(fixed: str, version: str, expected: bool) -> None:
    """In dpkg's order: a tilde sorts first, epochs dominate, numbers are numbers."""
    item = affected(OPEN, {"fixed": fixed}, ecosystem="Debian:12")
    assert evaluate(item, version).affected is expected


def test_listed_versions_count_besides_ranges() -> None:
    """Also written differently, and for local builds of a listed version."""
    item = affected(versions=("1.0.0", "2.0.0-final"))
    assert [evaluate(item, v).affected for v in ("1.0", "1.0+cpu", "2.0.0-final", "1.1")] == [True, True, True, False]


def test_the_lowest_fix_above_is_named() -> None:
    """Of a range with several."""
    item = affected(OPEN, {"fixed": "1.0"}, {"introduced": "2.0"}, {"fixed": "2.5"})
    assert evaluate(item, "0.1").fixed_in == "1.0"
    assert evaluate(item, "2.1").fixed_in == "2.5"


@pytest.mark.parametrize(
    ("item", "version"),
    [
        (affected(), "1.0"),
        (affected(OPEN, {"fixed": "4.6.0.stable11"}), "1.0"),
        (affected(OPEN), "not a version"),
        (affected(OPEN, ecosystem="npm"), "1.0"),
    ],
)
def test_what_cannot_be_compared_is_said(item: Affected, version: str) -> None:
    """And is not taken for unaffected."""
    outcome = evaluate(item, version)
    assert not outcome.affected
    assert outcome.unclear


def test_git_ranges_are_left_to_the_listed_versions() -> None:
    """A commit can't be compared with a version."""
    item = Affected(Package("PyPI", "x"), (Range("GIT", (Event(introduced="0"),)),), ("1.0",))
    assert evaluate(item, "1.0").affected
    assert not evaluate(item, "2.0").affected


_VERSIONS = st.integers(0, 9).map(lambda n: f"{n}.0")


@given(st.lists(st.tuples(st.booleans(), _VERSIONS), max_size=8), _VERSIONS, st.randoms())
def test_the_order_of_events_does_not_matter(steps: list[tuple[bool, str]], version: str, random: Random) -> None:
    """Real records have them in any order."""
    events = [{"introduced" if opens else "fixed": at} for opens, at in steps]
    shuffled = list(events)
    random.shuffle(shuffled)
    assert evaluate(affected(*events, OPEN), version) == evaluate(affected(OPEN, *shuffled), version)


@given(st.lists(st.integers(0, 30), min_size=2, max_size=8, unique=True), st.integers(0, 31))
def test_alternating_events_are_intervals(bounds: list[int], version: int) -> None:
    """Affected is inside [introduced, fixed)."""
    points = sorted(bounds[: len(bounds) // 2 * 2])
    intervals = list(zip(points[::2], points[1::2], strict=True))
    events = [event for low, high in intervals for event in ({"introduced": f"{low}.0"}, {"fixed": f"{high}.0"})]
    expected = any(low <= version < high for low, high in intervals)
    assert evaluate(affected(*events), f"{version}.0").affected is expected
