"""A pickle's memo, as far as it can matter: names, types and small tuples."""

from __future__ import annotations

from collections.abc import Container

from tidegate.scan.pickles.opcodes import Malformed
from tidegate.scan.pickles.values import DTYPE, OPAQUE, Global, Made, Value

# A vocabulary of a million words is memoised as well: of all values so many are kept,
_MAX_ANY = 20_000
# and so many of those that a later import may need.
_MAX_NAMES = 400_000
_MAX_TEXT = 200


class Memo:
    """Bounded: what isn't kept is read back as unknown, and nothing unknown ever passes for a name."""

    def __init__(self, known: Container[str]) -> None:
        self._known = known
        self._kept: dict[int, Value] = {}
        # Indices below this are all taken; those above it one by one.
        self._taken = 0
        self._beyond: set[int] = set()

    def put(self, index: int, value: Value) -> None:
        """Raises Malformed when more indices are out of order than any pickler writes."""
        self._kept.pop(index, None)
        if len(self._kept) < (_MAX_NAMES if self._is_name(value) else _MAX_ANY if _is_small(value) else 0):
            self._kept[index] = value
        if index > self._taken:
            self._beyond.add(index)
            if len(self._beyond) > _MAX_ANY:
                raise Malformed("its memo is out of order")
        elif index == self._taken:
            self._advance()

    def append(self, value: Value) -> None:
        """MEMOIZE: the index is the number of those taken (pickle.py, load_memoize)."""
        self.put(self._taken + len(self._beyond), value)

    def get(self, index: int) -> Value:
        return self._kept.get(index, OPAQUE)

    def copy(self) -> Memo:
        other = Memo(self._known)
        other._kept = dict(self._kept)
        other._taken = self._taken
        other._beyond = set(self._beyond)
        return other

    def _advance(self) -> None:
        self._taken += 1
        while self._taken in self._beyond:
            self._beyond.discard(self._taken)
            self._taken += 1

    def _is_name(self, value: Value) -> bool:
        if isinstance(value, str):
            return value in self._known
        return isinstance(value, Global) or (isinstance(value, Made) and value.by == DTYPE)


def _is_small(value: Value) -> bool:
    if isinstance(value, str):
        return len(value) <= _MAX_TEXT
    return isinstance(value, (tuple, Made))
