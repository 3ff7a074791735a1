"""Whether a record's versions and ranges hold an installed version (OSV schema, "Evaluation")."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cmp_to_key, total_ordering
from typing import Any

from debian_inspector.version import Version as DebianVersion
from debian_inspector.version import compare_versions
from packaging.version import InvalidVersion, Version

from tidegate.advisories.osv import DEBIAN, PYPI, Affected, Event, Range

# As `introduced`, it precedes every version.
_LOWEST = "0"
# Versions that the PyPA's records took over from CPE names: no update, or the build for a CUDA version.
_TAKEN_OVER = re.compile(r"(\d+(?:\.\d+)+)-(?:NA|cpu|cu\d+|rocm[\d.]+)")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a record says of one version. `fixed_in` is the lowest fix above it.

    `unclear` says why the record can't be compared; then `affected` is False but means nothing.
    """

    affected: bool
    fixed_in: str | None = None
    unclear: str = ""


class _Unreadable(Exception):
    """A version that its ecosystem's rules can't order."""


@total_ordering
class _Debian:
    """A version in dpkg's order: `~` before everything, epochs before the rest (deb-version(7))."""

    def __init__(self, text: str) -> None:
        try:
            self._value = DebianVersion.from_string(text)
        except (ValueError, AttributeError) as error:
            raise _Unreadable(text) from error

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Debian) and compare_versions(self._value, other._value) == 0

    def __lt__(self, other: _Debian) -> bool:
        return bool(compare_versions(self._value, other._value) < 0)

    def __hash__(self) -> int:
        return hash(str(self._value))


def _python(text: str) -> Version:
    """A version without its local part: `2.1.0+cu118` holds the flaws of `2.1.0`."""
    taken_over = _TAKEN_OVER.fullmatch(text)
    try:
        return Version(Version(taken_over[1] if taken_over else text).public)
    except InvalidVersion as error:
        raise _Unreadable(text) from error


_ORDERS: dict[str, Callable[[str], Any]] = {PYPI: _python, DEBIAN: _Debian}


def evaluate(affected: Affected, version: str) -> Outcome:
    """Affected means: listed in `versions`, or inside any range. GIT ranges are left to `versions`."""
    order = _ORDERS.get(affected.package.family)
    if order is None:
        return Outcome(False, unclear=f"versions of {affected.package.ecosystem} can't be compared")
    ranges = [item for item in affected.ranges if item.type != "GIT"]
    if not ranges and not affected.versions:
        return Outcome(False, unclear="the record names neither versions nor ranges")
    listed = _is_listed(affected, version)
    try:
        installed = order(version)
    except _Unreadable:
        if listed or not ranges:
            return Outcome(listed)
        return Outcome(False, unclear=f"version {version!r} can't be ordered")
    return _outcome([_evaluate_range(item, installed, order) for item in ranges], listed, bool(affected.versions))


def _outcome(outcomes: list[Outcome], listed: bool, has_list: bool) -> Outcome:
    hits = [outcome for outcome in outcomes if outcome.affected]
    if hits or listed:
        fixes = [outcome.fixed_in for outcome in hits]
        return Outcome(True, fixed_in=fixes[0] if fixes else None)
    # A range that can't be read leaves the question open, unless the record lists its versions as well.
    unclear = "" if has_list else next((outcome.unclear for outcome in outcomes if outcome.unclear), "")
    return Outcome(False, unclear=unclear)


def _is_listed(affected: Affected, version: str) -> bool:
    if version in affected.versions:
        return True
    if affected.package.family != PYPI:
        return False
    try:
        installed = Version(version)
    except InvalidVersion:
        return False
    return any(_same(text, installed) for text in affected.versions)


def _same(listed: str, installed: Version) -> bool:
    try:
        value = Version(listed)
    except InvalidVersion:
        return False
    return value == (installed if value.local else Version(installed.public))


def _evaluate_range(item: Range, installed: Any, order: Callable[[str], Any]) -> Outcome:
    try:
        steps = sorted(_steps(item.events, order), key=cmp_to_key(_compare))
        limits = [order(event.limit) for event in item.events if event.limit not in {None, "*"}]
    except _Unreadable as error:
        return Outcome(False, unclear=f"{error} in a range can't be ordered")
    if limits and all(installed >= limit for limit in limits):
        return Outcome(False)
    inside = False
    for step in steps:
        if step.kind == "introduced" and step.reached(installed):
            inside = True
        elif step.kind != "introduced" and step.reached(installed):
            inside = False
    above = [step.text for step in steps if step.kind == "fixed" and step.value > installed]
    return Outcome(inside, fixed_in=above[0] if inside and above else None)


@dataclass(frozen=True, slots=True)
class _Step:
    kind: str
    text: str
    value: Any  # None is below every version

    def reached(self, installed: Any) -> bool:
        if self.value is None:
            return True
        return bool(installed > self.value if self.kind == "last_affected" else installed >= self.value)


def _compare(one: _Step, other: _Step) -> int:
    """Events in the order of their versions; at one version what opens comes before what closes."""
    if one.value is not None and other.value is not None and one.value != other.value:
        return -1 if one.value < other.value else 1
    first, second = ((step.value is not None, step.kind != "introduced") for step in (one, other))
    return (first > second) - (first < second)


def _steps(events: tuple[Event, ...], order: Callable[[str], Any]) -> list[_Step]:
    steps = []
    for event in events:
        if event.introduced is not None:
            lowest = event.introduced == _LOWEST
            steps.append(_Step("introduced", event.introduced, None if lowest else order(event.introduced)))
        elif event.fixed is not None:
            steps.append(_Step("fixed", event.fixed, order(event.fixed)))
        elif event.last_affected is not None:
            steps.append(_Step("last_affected", event.last_affected, order(event.last_affected)))
    return steps
