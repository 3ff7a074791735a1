"""YAML as people mean it: scalars as in YAML 1.2, dates as text, no key twice."""

from __future__ import annotations

import re
from typing import Any

import yaml

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_VALUES = 100_000
_MAX_DEPTH = 100
_PREFIX = "tag:yaml.org,2002:"
# PyYAML reads YAML 1.1, where 1e-4 is text, 10:30 a number, off is false, and 2026-12-01 not text.
# These are YAML 1.2.2, section 10.3.2.
_SCALARS = {
    "bool": (re.compile("true|True|TRUE|false|False|FALSE"), "tTfF"),
    "int": (re.compile("[-+]?(?:0|[1-9][0-9]*)|0x[0-9a-fA-F]+"), "-+0123456789"),
    "float": (re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"), "-+.0123456789"),
}
_REPLACED = {_PREFIX + name for name in (*_SCALARS, "timestamp")}


class Loader(_Base):  # type: ignore[misc] # which of the two safe loaders is known only when it runs
    """A safe loader. Raises yaml.YAMLError."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"the key {key.value!r} is given twice", problem_mark=key.start_mark)
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else key)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return mapping


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _REPLACED]
    for first, resolvers in _Base.yaml_implicit_resolvers.items()
}
for _name, (_pattern, _first) in _SCALARS.items():
    Loader.add_implicit_resolver(_PREFIX + _name, re.compile(f"(?:{_pattern.pattern})$"), list(_first))


def load(text: str) -> Any:
    """The one document of a text. Raises yaml.YAMLError, ValueError, RecursionError."""
    _limit_depth(text)
    document = yaml.load(text, Loader=Loader)  # noqa: S506 - a safe loader
    _limit(document)
    return document


def _limit_depth(text: str) -> None:
    """The loader calls itself for each level, in C, where too many end the process."""
    depth = 0
    for event in yaml.parse(text, Loader=_Base):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise yaml.YAMLError(f"nested deeper than {_MAX_DEPTH} levels")


def _limit(document: Any) -> None:
    """Aliases can make a small text endless."""
    waiting = [document]
    for _ in range(_MAX_VALUES):
        if not waiting:
            return
        value = waiting.pop()
        waiting.extend(value.values() if isinstance(value, dict) else value if isinstance(value, list) else ())
    raise yaml.YAMLError(f"its aliases expand to more than {_MAX_VALUES} values")
