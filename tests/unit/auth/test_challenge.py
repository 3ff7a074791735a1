"""Reading WWW-Authenticate."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.auth.challenge import Challenge, parse_challenges

NAMES = st.from_regex(r"[a-z][a-z0-9_-]{0,10}", fullmatch=True)
VALUES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=30)
CHALLENGES = st.builds(Challenge, NAMES, st.dictionaries(NAMES, VALUES, min_size=1, max_size=4))


def render(challenge: Challenge) -> str:
    def quote(value: str) -> str:
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'

    return f"{challenge.scheme} " + ",".join(f"{name}={quote(value)}" for name, value in challenge.parameters.items())


@given(st.lists(CHALLENGES, min_size=1, max_size=3))
def test_what_is_written_is_read_back(challenges: list[Challenge]) -> None:
    """Any number of challenges, any printable value."""
    header = ", ".join(render(challenge) for challenge in challenges)
    assert parse_challenges(header) == tuple(challenges)


@given(st.text(max_size=200))
def test_anything_can_be_given(header: str) -> None:
    """Never an error, never without end."""
    assert isinstance(parse_challenges(header), tuple)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            'Bearer realm="https://auth.acme.example/token",service="registry",scope="repository:a/b:pull,push"',
            [
                Challenge(
                    "bearer",
                    {
                        "realm": "https://auth.acme.example/token",
                        "service": "registry",
                        "scope": "repository:a/b:pull,push",
                    },
                )
            ],
        ),
        ("Basic realm=plain", [Challenge("basic", {"realm": "plain"})]),
        ('BASIC Realm = "a b" , charset="UTF-8"', [Challenge("basic", {"realm": "a b", "charset": "UTF-8"})]),
        ("Negotiate, Basic realm=x", [Challenge("negotiate"), Challenge("basic", {"realm": "x"})]),
        ("Negotiate YII=, Basic realm=x", [Challenge("negotiate"), Challenge("basic", {"realm": "x"})]),
        ("Basic", [Challenge("basic")]),
        ("", []),
    ],
)
def test_headers_that_registries_send(header: str, expected: list[Challenge]) -> None:
    """Quoted or not, in any case, several in one."""
    assert list(parse_challenges(header)) == expected
