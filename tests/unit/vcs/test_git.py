"""Parsing what git prints, and the environment git gets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.vcs.command import environment
from tidegate.vcs.git import MAX_PATHS, parse_status, without_credentials

PATHS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)
ZERO = "0" * 40


def entry(kind: str, path: str) -> str:
    """One entry as `git status --porcelain=v2 -z` writes it."""
    fields = {
        "1": f"1 .M N... 100644 100644 100644 {ZERO} {ZERO} {path}",
        "u": f"u UU N... 100644 100644 100644 100644 {ZERO} {ZERO} {ZERO} {path}",
        "?": f"? {path}",
        "!": f"! {path}",
    }
    return fields[kind]


@given(st.lists(st.tuples(st.sampled_from("1u?!"), PATHS)))
def test_any_path_is_read_back(entries: list[tuple[str, str]]) -> None:
    """Blanks, line ends and quotes in a path are part of it."""
    text = "\0".join(["# branch.oid " + ZERO, "# branch.head main", *(entry(*item) for item in entries), ""])
    branch, dirty, ignored = parse_status(text)
    assert branch == "main"
    assert dirty == tuple(path for kind, path in entries if kind != "!")
    assert ignored == tuple(path for kind, path in entries if kind == "!")


def test_a_detached_head_has_no_branch() -> None:
    """CI systems check out a commit, not a branch."""
    assert parse_status("# branch.head (detached)\0")[0] is None


def test_a_sea_of_changes_is_cut() -> None:
    """A million new files do not fill the memory or the message."""
    text = "\0".join(entry("?", str(number)) for number in range(MAX_PATHS + 5))
    assert len(parse_status(text)[1]) == MAX_PATHS


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://ada:s3cret@git.acme.example/m.git", "https://git.acme.example/m.git"),
        ("https://git.acme.example/m.git?token=s3cret", "https://git.acme.example/m.git"),
        ("ssh://git@git.acme.example:2222/m.git", "ssh://git.acme.example:2222/m.git"),
        ("git@git.acme.example:m.git", "git@git.acme.example:m.git"),
        ("../elsewhere", "../elsewhere"),
        ("https://[broken", ""),
    ],
)
def test_a_remote_is_shown_without_credentials(url: str, expected: str) -> None:
    """CI systems put tokens into remote URLs."""
    assert without_credentials(url) == expected


def test_git_does_not_inherit_another_repository() -> None:
    """In a git hook GIT_DIR points elsewhere; only where settings lie is passed on."""
    found = environment({"PATH": "/bin", "GIT_DIR": "/x", "GIT_INDEX_FILE": "/y", "GIT_CONFIG_GLOBAL": "/z"})
    assert {"PATH": "/bin", "GIT_CONFIG_GLOBAL": "/z", "LC_ALL": "C"}.items() <= found.items()
    assert not {"GIT_DIR", "GIT_INDEX_FILE"} & found.keys()
