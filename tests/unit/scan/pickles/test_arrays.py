from __future__ import annotations

import pytest

from tidegate.scan.pickles.arrays import RawArray, describe
from tidegate.scan.pickles.values import DTYPE, WRAPPER, Global, Made, Mapping, Value


def wrapper(code: str = "f8", size: int = -1, flags: int = 0, **changes: Value) -> Made:
    dtype = Made(DTYPE, (code, False, True), (3, "<", None, None, None, size, -1, flags))
    items: dict[str, Value] = {
        "subclass": Global("numpy", "ndarray"),
        "shape": (2, 3),
        "order": "C",
        "dtype": dtype,
        "allow_mmap": True,
    }
    return Made(WRAPPER, (), Mapping({**items, **changes}))


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (wrapper(), RawArray(48, False, False)),
        (wrapper(shape=()), RawArray(8, False, False)),
        (wrapper(shape=(0, 5)), RawArray(0, False, False)),
        (wrapper("i1", numpy_array_alignment_bytes=16), RawArray(6, False, True)),
        (wrapper("V64", 64), RawArray(384, False, False)),
        (wrapper("U5", 20), RawArray(120, False, False)),
        (wrapper("O8", flags=63), RawArray(48, True, False)),
        (wrapper("V8", 8, flags=1), RawArray(48, True, False)),
    ],
)
def test_what_joblib_writes_is_understood(made: Made, expected: RawArray) -> None:
    """Bytes, objects and padding."""
    assert describe(made) == expected


@pytest.mark.parametrize(
    "made",
    [
        wrapper("V64", 8),
        wrapper("f8", 16),
        wrapper("f8", flags=1),
        wrapper("O8"),
        wrapper("q8"),
        wrapper(shape=(-1, 2)),
        wrapper(shape=(1 << 40, 1 << 40)),
        wrapper(shape="no tuple"),
        wrapper(dtype="f8"),
        wrapper(subclass=Global("numpy", "memmap")),
        wrapper(numpy_array_alignment_bytes=17),
        wrapper(unknown=1),
        Made(WRAPPER, (), Mapping()),
        Made(WRAPPER, (), "state"),
    ],
)
def test_anything_else_is_refused(made: Made) -> None:
    """Another loader could read it differently."""
    assert describe(made) is None
