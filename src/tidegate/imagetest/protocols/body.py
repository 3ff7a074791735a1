"""Comparing bodies by what the expectation is, by its file name: JSON, JSON lines, text, or bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tidegate.errors import ConfigError
from tidegate.imagetest.compare import difference, text_difference
from tidegate.imagetest.plan import Case

_TEXT = frozenset({".txt", ".csv", ".tsv"})
_SHOWN = 300


class NotJson(Exception):
    """A model's answer that can't be read; the text says why."""


def compare(case: Case, body: bytes) -> str | None:
    """The first difference from the case's expectation, or None. Raises ConfigError for a broken expectation."""
    suffix = case.expect_path.suffix
    try:
        if suffix == ".json":
            return difference(expected_json(case), answered_json(body), case.tolerance)
        if suffix == ".jsonl":
            return difference(_lines(case.expect, case.expect_path), _answered_lines(body), case.tolerance, "line")
    except NotJson as error:
        return str(error)
    if suffix in _TEXT:
        return text_difference(case.expect.decode("utf-8", "replace"), body.decode("utf-8", "replace"))
    return None if body == case.expect else _bytes(case.expect, body)


def expected_json(case: Case) -> Any:
    """Raises ConfigError that names the file."""
    return _expected(case.expect, case.expect_path)


def answered_json(body: bytes) -> Any:
    """Raises NotJson with the beginning of what came instead."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotJson(f"the answer is not JSON ({error}): {shorten(body)}") from error


def shorten(body: bytes) -> str:
    """The beginning of a body, for a message."""
    text = body[: _SHOWN + 1].decode("utf-8", "replace").strip()
    return repr(text if len(body) <= _SHOWN else text[:_SHOWN] + "…")


def _expected(data: bytes, path: Path) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: not JSON: {error}") from error


def _lines(data: bytes, path: Path) -> list[Any]:
    return [_expected(line, path) for line in data.splitlines() if line.strip()]


def _answered_lines(body: bytes) -> list[Any]:
    return [answered_json(line) for line in body.splitlines() if line.strip()]


def _bytes(expected: bytes, actual: bytes) -> str:
    if len(expected) != len(actual):
        return f"{len(actual)} bytes, {len(expected)} were expected"
    place = next(index for index, (one, other) in enumerate(zip(expected, actual, strict=True)) if one != other)
    return f"byte {place}: 0x{actual[place]:02x} is not 0x{expected[place]:02x}"
