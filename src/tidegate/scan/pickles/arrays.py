"""Joblib's arrays: raw bytes in the middle of a pickle, right after the object that describes them.

`joblib.numpy_pickle.NumpyArrayWrapper.read_array` decides what a loader does with them; a description
that isn't exactly what joblib writes is refused, because another loader could read it differently.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from tidegate.scan.pickles.values import DTYPE, Global, Made, Mapping, Value

_MAX_BYTES = 1 << 44
_HAS_OBJECT = 0x01
_SIMPLE = re.compile(r"([biufcMm])(\d{1,2})")
_SIZED = re.compile(r"[VSU](\d{1,9})")
_KEYS = frozenset({"subclass", "shape", "order", "dtype", "allow_mmap", "numpy_array_alignment_bytes"})
_SUBCLASSES = frozenset({"ndarray", "matrix"})


@dataclass(frozen=True, slots=True)
class RawArray:
    """How many bytes follow; `objects` when it is a pickle instead. `padded`: a length byte and padding come first."""

    size: int
    objects: bool
    padded: bool


def describe(wrapper: Made) -> RawArray | None:
    """What follows the wrapper, or None when that can't be known for certain."""
    state = wrapper.state
    if not isinstance(state, Mapping) or not state.complete or not set(state.items) <= _KEYS:
        return None
    if not _KEYS - {"numpy_array_alignment_bytes"} <= set(state.items) or not _is_array(state.items["subclass"]):
        return None
    dtype = _dtype(state.items["dtype"])
    shape = state.items["shape"]
    alignment = state.items.get("numpy_array_alignment_bytes")
    if dtype is None or alignment not in {None, 16} or not isinstance(shape, tuple):
        return None
    lengths = [length for length in shape if isinstance(length, int) and length >= 0]
    size = math.prod(lengths) * dtype[0]
    if len(lengths) != len(shape) or size > _MAX_BYTES:
        return None
    return RawArray(size, dtype[1], alignment is not None)


def _is_array(value: Value) -> bool:
    return isinstance(value, Global) and value.module.startswith("numpy") and value.name in _SUBCLASSES


def _dtype(value: Value) -> tuple[int, bool] | None:
    """Bytes of an item, and whether items are Python objects."""
    if not isinstance(value, Made) or value.by != DTYPE or not value.arguments:
        return None
    code, state = value.arguments[0], value.state
    # version, byte order, subarray, names, fields, item size, alignment, flags, and a date's unit
    if not isinstance(code, str) or not isinstance(state, tuple) or len(state) not in {8, 9} or state[2] is not None:
        return None
    size, flags = state[5], state[7]
    if not isinstance(size, int) or not isinstance(flags, int):
        return None
    return _item(code, size, bool(flags & _HAS_OBJECT))


def _item(code: str, size: int, objects: bool) -> tuple[int, bool] | None:
    if code in {"O8", "O", "|O"}:
        return (8, True) if objects else None
    if match := _SIMPLE.fullmatch(code):
        return (int(match[2]), False) if size == -1 and not objects else None
    match = _SIZED.fullmatch(code)
    return (size, objects) if match and 0 <= size == _width(code[0], int(match[1])) else None


def _width(kind: str, length: int) -> int:
    return 4 * length if kind == "U" else length
