"""What in a requirements file can't be locked, found before uv is asked (pip's requirements file format)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from tidegate.errors import ConfigError

_INDEX_OPTIONS = ("-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--no-index", "--trusted-host")
_EDITABLE = ("-e", "--editable")
_INCLUDES = ("-r", "--requirement", "-c", "--constraint")
_COMMENT = re.compile(r"(^|\s)#.*$")
_LOCAL = re.compile(r"[./~]|[a-z+]+://|\S*\.(whl|zip|tar\.gz)$")
_MAX_FILE = 4 << 20
_MAX_DEPTH = 10


def check(path: Path, depth: int = 0) -> None:
    """Raises ConfigError for an editable, local, VCS or URL requirement and for an index named in the file."""
    if depth > _MAX_DEPTH:
        raise ConfigError(f"{path}: requirements files include one another in a circle")
    for number, line in lines(read(path)):
        option, _, value = line.replace("=", " ", 1).partition(" ") if line.startswith("-") else ("", "", "")
        if option in _INCLUDES or option[:2] in {"-r", "-c"}:
            check(path.parent / (value.strip() or option[2:]), depth + 1)
        elif problem := _problem(line, option):
            raise ConfigError(f"{path}, line {number}: {problem[0]}", hint=problem[1])


def lines(text: str) -> Iterator[tuple[int, str]]:
    """Logical lines with the number of their first, comments cut off and continuations joined."""
    first, joined = 0, ""
    for number, raw in enumerate(text.splitlines(), 1):
        first = first or number
        line = _COMMENT.sub("", raw)
        if line.endswith("\\"):
            joined += line[:-1] + " "
            continue
        if whole := (joined + line).strip():
            yield first, whole
        first, joined = 0, ""
    if joined.strip():
        yield first, joined.strip()


def read(path: Path) -> str:
    """A small text file. Raises ConfigError that names it."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_FILE + 1)
        if len(data) > _MAX_FILE:
            raise ConfigError(f"{path}: larger than {_MAX_FILE} bytes")
        return data.decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", hint="check build.requirements in tidegate.yaml") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8: {error.reason}") from error


def _problem(line: str, option: str) -> tuple[str, str] | None:
    if option in _INDEX_OPTIONS or option[:2] in {"-i", "-f"}:
        return "an index is not named here", "name it under build.indexes in tidegate.yaml, and its secret with auth"
    if option in _EDITABLE or option.startswith("-e"):
        return "an editable requirement can't be locked", "name its code under build.code instead"
    if option:
        return None
    requirement = re.split(r"\s--", line)[0]
    try:
        address = Requirement(requirement).url
    except InvalidRequirement:
        address = None
    if _LOCAL.match(requirement):
        address = requirement
    if address:
        return (
            "a requirement by address or path can't be locked",
            "name the version of a package that is on an index; put a wheel of your own on one of build.indexes",
        )
    return None
