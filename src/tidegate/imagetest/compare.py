"""Comparing what a model said with what was expected, number by number within a tolerance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_SHOWN = 60
_NAMES = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list", dict: "an object"}


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Two numbers are alike when they differ by at most `atol + rtol * |expected|`, as in numpy.isclose."""

    rtol: float = 0.0
    atol: float = 0.0

    def holds(self, expected: float, actual: float) -> bool:
        """NaN is alike to NaN alone, an infinity to itself alone."""
        if expected == actual:
            return True
        if math.isnan(expected) or math.isnan(actual):
            return math.isnan(expected) and math.isnan(actual)
        if math.isinf(expected) or math.isinf(actual):
            return False
        return abs(expected - actual) <= self.atol + self.rtol * abs(expected)

    def __str__(self) -> str:
        parts = [f"{name} {value:g}" for name, value in (("rtol", self.rtol), ("atol", self.atol)) if value]
        return f" ({', '.join(parts)})" if parts else ""


def difference(expected: object, actual: object, tolerance: Tolerance, place: str = "") -> str | None:
    """The first place where two JSON values differ, in words, or None when they are alike.

    Booleans are not numbers; 1 and 1.0 are alike; the order of an object's keys is nothing.
    """
    if _is_number(expected) and _is_number(actual):
        return _numbers(expected, actual, tolerance, place)  # type: ignore[arg-type]
    if _kind(expected) != _kind(actual):
        return f"{_at(place)}{_show(actual)} is {_kind(actual)}, {_kind(expected)} was expected"
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        return _objects(expected, actual, tolerance, place)
    if isinstance(expected, list) and isinstance(actual, list):
        return _lists(expected, actual, tolerance, place)
    return None if expected == actual else f"{_at(place)}{_show(actual)} is not {_show(expected)}"


def text_difference(expected: str, actual: str) -> str | None:
    """The first line in which two texts differ; white space at the end of lines and of the text is nothing."""
    wanted, got = (text.rstrip().splitlines() for text in (expected, actual))
    for number, (one, other) in enumerate(zip(wanted, got, strict=False), 1):
        if one.rstrip() != other.rstrip():
            return f"line {number}: {_show(other)} is not {_show(one)}"
    if len(wanted) != len(got):
        return f"{len(got)} lines, {len(wanted)} were expected"
    return None


def _numbers(expected: float, actual: float, tolerance: Tolerance, place: str) -> str | None:
    if isinstance(expected, int) and isinstance(actual, int) and expected == actual:
        return None
    try:
        alike = tolerance.holds(float(expected), float(actual))
    except OverflowError:
        alike = False
    return None if alike else f"{_at(place)}{_show(actual)} is not {_show(expected)}{tolerance}"


def _objects(
    expected: Mapping[str, object], actual: Mapping[str, object], tolerance: Tolerance, place: str
) -> str | None:
    for key, value in expected.items():
        if key not in actual:
            return f"{_at(place)}{key!r} is missing"
        found = difference(value, actual[key], tolerance, f"{place}.{key}" if place else key)
        if found:
            return found
    extra = next((key for key in actual if key not in expected), None)
    return None if extra is None else f"{_at(place)}{extra!r} was not expected"


def _lists(expected: Sequence[object], actual: Sequence[object], tolerance: Tolerance, place: str) -> str | None:
    if len(expected) != len(actual):
        return f"{_at(place)}{len(actual)} elements, {len(expected)} were expected"
    for index, (one, other) in enumerate(zip(expected, actual, strict=True)):
        found = difference(one, other, tolerance, f"{place}[{index}]")
        if found:
            return found
    return None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _kind(value: object) -> str:
    return "null" if value is None else _NAMES.get(type(value), type(value).__name__)


def _at(place: str) -> str:
    return f"{place}: " if place else ""


def _show(value: object) -> str:
    text = repr(value) if isinstance(value, str | float | int) and not isinstance(value, bool) else _plain(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _plain(value: object) -> str:
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, Mapping):
        return f"an object of {len(value)}"
    return {None: "null", True: "true", False: "false"}.get(value, str(value))  # type: ignore[call-overload, no-any-return]
