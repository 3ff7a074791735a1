"""The globals that a model's pickle may name: exact module and name, from a list that anyone can read."""

from __future__ import annotations

import _compat_pickle
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources

from tidegate.errors import ConfigError
from tidegate.scan.pickles.values import Global

_FILE = "allowlist.txt"
_ENTRY = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+", re.ASCII)
_NAME = re.compile(r"[\w.-]+")


@dataclass(frozen=True, slots=True)
class AllowList:
    """`module.name` as one text each: a name has no dot here, so a dotted one never matches."""

    entries: frozenset[tuple[str, str]]
    # Every module and name, to know them again among a million other texts.
    words: frozenset[str]
    digest: str

    def allows(self, found: Global) -> bool:
        return not found.unresolved and (found.module, found.name) in self.entries


def load(extra: Iterable[str] = ()) -> AllowList:
    """The built-in list and a configuration's own entries, as `module.name`. Raises ConfigError."""
    added = frozenset(_parse(text) for text in extra)
    entries = _built_in() | added
    words = frozenset(word for entry in entries for word in entry)
    digest = hashlib.sha256("\n".join(sorted(map(".".join, entries))).encode()).hexdigest()
    return AllowList(entries, words, digest)


def rename(module: str, name: str, protocol: int) -> Global:
    """The global that Python 3 imports for these names (pickle.py, find_class)."""
    if protocol < 3:
        if (module, name) in _compat_pickle.NAME_MAPPING:
            module, name = _compat_pickle.NAME_MAPPING[module, name]
        else:
            module = _compat_pickle.IMPORT_MAPPING.get(module, module)
    return Global(module, name)


def is_plausible(found: Global) -> bool:
    """Whether both names could be Python's, as in text that happens to begin with a `c` they aren't."""
    return bool(_NAME.fullmatch(found.module) and _NAME.fullmatch(found.name))


@cache
def _built_in() -> frozenset[tuple[str, str]]:
    text = resources.files(__package__).joinpath(_FILE).read_text("utf-8")
    lines = (line.strip() for line in text.splitlines())
    return frozenset(_split(line) for line in lines if line and not line.startswith("#"))


def _split(entry: str) -> tuple[str, str]:
    module, _, name = entry.rpartition(".")
    return module, name


def _parse(entry: str) -> tuple[str, str]:
    if not _ENTRY.fullmatch(entry):
        raise ConfigError(
            f"scan.pickle_allow: {entry!r} is not a module and a name", hint="write it as package.module.Class"
        )
    return _split(entry)
