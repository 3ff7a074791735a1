"""WWW-Authenticate (RFC 9110, 11.6.1): what a server wants to see."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_PARAMETER = re.compile(rf"\s*({_WORD})\s*=\s*({_QUOTED}|{_WORD})\s*(?:,|$)", re.DOTALL)
_SCHEME = re.compile(rf"[\s,]*({_WORD})(?:\s+(?=\S)|\s*,|\s*$)")
_TOKEN68 = re.compile(r"\s*[A-Za-z0-9._~+/-]+=*\s*(?:,|$)")
_MAX_HEADER = 16 << 10


@dataclass(frozen=True, slots=True)
class Challenge:
    """A scheme, and parameters by name, both in lower case."""

    scheme: str
    parameters: dict[str, str] = field(default_factory=dict)


def parse_challenges(header: str) -> tuple[Challenge, ...]:
    """The challenges of a header, several joined by commas included; what can't be read is left out."""
    header = header[:_MAX_HEADER]
    challenges = []
    position = 0
    while match := _SCHEME.match(header, position):
        parameters, position = _parameters(header, match.end())
        challenges.append(Challenge(match[1].lower(), parameters))
    return tuple(challenges)


def _parameters(header: str, position: int) -> tuple[dict[str, str], int]:
    parameters: dict[str, str] = {}
    while match := _PARAMETER.match(header, position):
        parameters.setdefault(match[1].lower(), _unquote(match[2]))
        position = match.end()
    if not parameters and (skipped := _TOKEN68.match(header, position)) and not _SCHEME.match(header, position):
        position = skipped.end()
    return parameters, position


def _unquote(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1], flags=re.DOTALL) if value.startswith('"') else value
