from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.build.patterns import Patterns
from tidegate.errors import ConfigError

_paths = st.lists(st.sampled_from(["a", "b", "a.py", "b.pyc", ".env"]), min_size=1, max_size=4).map("/".join)


@pytest.mark.parametrize(
    ("lines", "path", "matched"),
    [
        (["a"], "a", True),
        (["a"], "a/b/c", True),
        (["a"], "b/a", False),
        (["/a/"], "a/b", True),
        (["**/a"], "a", True),
        (["**/a"], "b/c/a/d", True),
        (["a/**"], "a", False),
        (["a/**"], "a/b/c", True),
        (["a/**/d"], "a/d", True),
        (["a/**/d"], "a/b/c/d", True),
        (["*.py"], "a.py", True),
        (["*.py"], "a/b.py", False),
        (["**/*.py"], "a/b.py", True),
        (["**"], "a/b", True),
        (["?"], "ab", False),
        (["?.py"], "a.py", True),
        (["[a-c].py"], "b.py", True),
        (["[^a-c].py"], "b.py", False),
        (["[^a-c].py"], "d.py", True),
        (["a?b"], "a/b", False),
        (["a[^x]b"], "a/b", False),
        ([r"\*"], "*", True),
        ([r"\*"], "a", False),
        (["a.b"], "axb", False),
        (["*.py", "!keep.py"], "keep.py", False),
        (["*.py", "!keep.py"], "drop.py", True),
        (["a", "!a/keep"], "a/keep", False),
        (["a", "!a/keep"], "a/drop", True),
        (["!a", "a"], "a", True),
        (["# a"], "# a", False),
        (["", "  ", "a  "], "a", True),
        (["."], "a", False),
        (["./a"], "a", True),
        (["a/../b"], "b", True),
    ],
)
def test_patterns_mean_what_docker_means(lines: list[str], path: str, matched: bool) -> None:
    """The rules of `.dockerignore`, exceptions and parents included."""
    assert Patterns(lines, "here").match(path) is matched


@pytest.mark.parametrize("line", ["[", "[a", "a\\", "[z-a]"])
def test_broken_pattern_is_named(line: str) -> None:
    """The file and the pattern are in the message."""
    with pytest.raises(ConfigError, match="here"):
        Patterns([line], "here")


@given(_paths)
def test_whole_path_matches_itself(path: str) -> None:
    """A path without wildcards is its own pattern, and so is each folder above it."""
    assert Patterns([path], "here").match(path)
    assert Patterns([path.partition("/")[0]], "here").match(path)


@given(st.lists(_paths, max_size=4), _paths)
def test_last_exception_wins(lines: list[str], path: str) -> None:
    """Whatever was excluded, an exception at the end brings it back."""
    assert not Patterns([*lines, "!" + path], "here").match(path)


@given(st.text(max_size=20), _paths)
def test_arbitrary_pattern_is_refused_or_answers(line: str, path: str) -> None:
    """No pattern ends in anything but a ConfigError."""
    try:
        patterns = Patterns([line], "here")
    except ConfigError:
        return
    assert patterns.match(path) in {True, False}


def test_exceptions_are_known() -> None:
    """A walk may skip an excluded folder only when there are none."""
    assert Patterns(["a", "!b"], "here").has_exceptions
    assert not Patterns(["a", "# !b"], "here").has_exceptions
