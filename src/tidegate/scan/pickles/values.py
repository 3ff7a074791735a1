"""What stands on a pickle's stack, as far as it must be known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final


class Opaque:
    """A value that doesn't matter, or that can't be known."""


OPAQUE: Final = Opaque()


class Mark:
    """The marker that MARK puts on the stack."""


MARK: Final = Mark()


@dataclass(frozen=True, slots=True)
class Global:
    """A module's attribute, by the names that Python 3 looks up. `unresolved` when they aren't known."""

    module: str
    name: str
    unresolved: bool = False

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


UNRESOLVED: Final = Global("?", "?", unresolved=True)
# The two whose arguments and state decide how many raw bytes follow.
DTYPE: Final = Global("numpy", "dtype")
WRAPPER: Final = Global("joblib.numpy_pickle", "NumpyArrayWrapper")


@dataclass(slots=True, eq=False)
class Made:
    """The result of a call; arguments and the state of BUILD are kept for arrays and their types only."""

    by: Global
    arguments: tuple[Value, ...] = ()
    state: Value = OPAQUE


@dataclass(slots=True, eq=False)
class Mapping:
    """A dict with few keys; `complete` is False once it has others than texts, or too many."""

    items: dict[str, Value] = field(default_factory=dict)
    complete: bool = True


Value = str | int | tuple["Value", ...] | Global | Made | Mapping | Opaque | Mark | None


def flat(value: Value) -> Value:
    """The value without what is nested in it, so that a stack never holds on to a whole model."""
    return OPAQUE if isinstance(value, (tuple, Mapping)) else value
