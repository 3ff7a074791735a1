"""Tolerant comparison of JSON values."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.imagetest.compare import Tolerance, difference, text_difference

EXACT = Tolerance()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON)
def test_alike_to_itself(value: object) -> None:
    """Every value is alike to itself, NaN included."""
    assert difference(value, value, EXACT) is None


@given(JSON, JSON)
def test_symmetric(one: object, other: object) -> None:
    """Without a tolerance it makes no difference which of two values was expected."""
    assert (difference(one, other, EXACT) is None) == (difference(other, one, EXACT) is None)


@given(st.floats(-1e300, 1e300), st.floats(1e-12, 1e-3), st.floats(-1, 1))
def test_relative_tolerance(expected: float, rtol: float, share: float) -> None:
    """A number off by less than the relative tolerance is alike."""
    actual = expected + 0.99 * share * rtol * abs(expected)
    assert difference(expected, actual, Tolerance(rtol=rtol, atol=1e-300)) is None


@given(st.lists(st.floats(-1, 1), min_size=1), st.data())
def test_names_the_place(values: list[float], data: st.DataObject) -> None:
    """One wrong number in a list is found where it is."""
    index = data.draw(st.integers(0, len(values) - 1))
    wrong = [*values[:index], values[index] + 1, *values[index + 1 :]]
    found = difference({"data": values}, {"data": wrong}, Tolerance(rtol=1e-4))
    assert found is not None
    assert found.startswith(f"data[{index}]: ")


def test_message() -> None:
    """The message says where, what came, what was expected, and how close it had to be."""
    expected, actual = {"outputs": [{"data": [1, 2, 3, 0.93]}]}, {"outputs": [{"data": [1, 2, 3, 0.71]}]}
    found = difference(expected, actual, Tolerance(rtol=1e-4))
    assert found == "outputs[0].data[3]: 0.71 is not 0.93 (rtol 0.0001)"


@pytest.mark.parametrize(
    ("expected", "actual", "message"),
    [
        (True, 1, "1 is a number, a boolean was expected"),
        (None, 0, "0 is a number, null was expected"),
        ("1", 1, "1 is a number, a string was expected"),
        ([1, 2], [1], "1 elements, 2 were expected"),
        ({"a": 1}, {}, "'a' is missing"),
        ({}, {"b": 1}, "'b' was not expected"),
        ({"a": {"b": [None]}}, {"a": {"b": [[]]}}, "a.b[0]: a list of 0 is a list, null was expected"),
        (math.nan, 1.0, "1.0 is not nan"),
        (math.inf, -math.inf, "-inf is not inf"),
        (10**400, 10**400 + 1, None),
        ("x" * 500, "y" * 500, None),
    ],
)
def test_differences(expected: object, actual: object, message: str | None) -> None:
    """Each kind of difference is named; long values are shortened."""
    found = difference(expected, actual, EXACT)
    assert found is not None
    assert len(found) < 200
    assert message is None or found == message


def test_integers_and_floats() -> None:
    """1 and 1.0 are the same number; a tolerance lets integers differ too."""
    assert difference(1, 1.0, EXACT) is None
    assert difference(100, 101, Tolerance(atol=1)) is None
    assert difference(100, 102, Tolerance(atol=1)) is not None


def test_text() -> None:
    """Texts are compared by line; white space at the end is nothing."""
    assert text_difference("a\nb\n", "a \r\nb") is None
    assert text_difference("a\nb", "a\nc") == "line 2: 'c' is not 'b'"
    assert text_difference("a\nb", "a") == "1 lines, 2 were expected"
