from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tidegate.project import yaml12


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4),
        ("-1.5E3", -1500.0),
        (".5", 0.5),
        ("3", 3),
        ("0x1f", 31),
        ("2026-12-01", "2026-12-01"),
        ("10:30", "10:30"),
        ("1_000", "1_000"),
        ("off", "off"),
        ("no", "no"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("1.2.3", "1.2.3"),
        ("'8080'", "8080"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: Any) -> None:
    """Exponents are numbers; dates, times and the many words for yes and no are text."""
    read = yaml12.load(f"key: {text}")["key"]
    assert (type(read), read) == (type(value), value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_that_python_prints_is_a_number(number: float) -> None:
    """What repr() writes comes back as the same float."""
    assert yaml12.load(f"[{number!r}]") == [number]


def test_a_key_given_twice_is_an_error_with_its_line() -> None:
    """The second of two equal keys would silently win."""
    with pytest.raises(yaml.MarkedYAMLError, match="'b' is given twice") as caught:
        yaml12.load("a: 1\nb: 1\nb: 2\n")
    assert caught.value.problem_mark is not None
    assert caught.value.problem_mark.line == 2


@pytest.mark.parametrize(
    "text",
    ["a: &a [*a]\n", "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9) if i else 1}]\n" for i in range(12))],
    ids=["endless", "huge"],
)
def test_aliases_cannot_make_a_small_text_huge(text: str) -> None:
    """A cycle and a billion laughs are refused before anything walks through them."""
    with pytest.raises(yaml.YAMLError, match="aliases"):
        yaml12.load(text)


def test_tags_construct_no_objects() -> None:
    """A tag that names Python code is refused."""
    with pytest.raises(yaml.YAMLError):
        yaml12.load("!!python/name:os.system x")


@pytest.mark.parametrize("text", ["[" * 100_000, "".join(f"{' ' * level}a:\n" for level in range(500))])
def test_deep_nesting_is_refused(text: str) -> None:
    """A loader in C that calls itself for each level would take the whole process down."""
    with pytest.raises(yaml.YAMLError, match="deeper than 100"):
        yaml12.load(text)
