"""Docker's ignore patterns: `*`, `?`, `[a-z]`, `**`, and `!` for an exception; the last match decides."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from functools import lru_cache

from tidegate.errors import ConfigError


class Patterns:
    """An ordered list of patterns, as in a `.dockerignore`, all relative to the model's folder.

    A pattern that matches a folder matches everything in it (moby's patternmatcher, MatchesOrParentMatches).
    """

    def __init__(self, lines: Iterable[str], where: str) -> None:
        """Raises ConfigError, naming `where`, for a pattern that can't be understood."""
        self._rules = [rule for line in lines if (rule := _rule(line, where)) is not None]

    def match(self, path: str) -> bool:
        """Whether a path, relative and with `/`, is matched."""
        matched = False
        for exception, expression in self._rules:
            if exception == matched and _matches(expression, path):
                matched = not exception
        return matched

    @property
    def has_exceptions(self) -> bool:
        """Whether something in a matched folder may be wanted after all."""
        return any(exception for exception, _ in self._rules)


def _rule(line: str, where: str) -> tuple[bool, re.Pattern[str]] | None:
    text = line.strip()
    if not text or text.startswith("#"):
        return None
    exception = text.startswith("!")
    pattern = posixpath.normpath(text.removeprefix("!").strip()).lstrip("/")
    if pattern in {"", "."}:
        return None
    try:
        return exception, re.compile(_translate(pattern), re.DOTALL)
    except (re.error, ValueError) as error:
        raise ConfigError(f"{where}: {text!r} is not a pattern: {error}") from error


def _matches(expression: re.Pattern[str], path: str) -> bool:
    while path:
        if expression.fullmatch(path):
            return True
        path = posixpath.dirname(path)
    return False


@lru_cache(maxsize=1024)
def _translate(pattern: str) -> str:
    """The pattern as a regular expression; `**` spans folders, `*` and `?` don't (Go's filepath.Match)."""
    parts: list[str] = []
    position = 0
    while position < len(pattern):
        piece, position = _piece(pattern, position)
        parts.append(piece)
    return "".join(parts)


def _piece(pattern: str, at: int) -> tuple[str, int]:
    if pattern.startswith("**", at):
        after = at + 2
        if pattern.startswith("/", after):
            return "(?:.*/)?", after + 1
        return ".*", after
    character = pattern[at]
    if character in "*?":
        return "[^/]" + ("*" if character == "*" else ""), at + 1
    if character == "[":
        return _class(pattern, at)
    if character == "\\":
        if at + 1 == len(pattern):
            raise ValueError("a backslash at its end")
        return re.escape(pattern[at + 1]), at + 2
    return re.escape(character), at + 1


def _class(pattern: str, at: int) -> tuple[str, int]:
    end = pattern.find("]", at + 2)
    if end < 0:
        raise ValueError("a [ without its ]")
    inner = pattern[at + 1 : end]
    negated = inner.startswith("^")
    inner = re.sub(r"([\[\]&~|^\\])", r"\\\1", inner.removeprefix("^"))
    return f"[{'^/' if negated else ''}{inner}]", end + 1
