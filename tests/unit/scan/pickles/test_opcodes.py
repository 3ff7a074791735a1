from __future__ import annotations

import io
import pickle
import pickletools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.scan.pickles.opcodes import Malformed, Skipped, read_operations
from tidegate.scan.reader import Budget, Reader


def names(data: bytes) -> list[tuple[str, int]]:
    reader = Reader(io.BytesIO(data), Budget(1 << 40))
    return [(operation.name, operation.position) for operation in read_operations(reader)]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.complex_numbers(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner) | st.frozensets(st.integers())
    ),
    max_leaves=20,
)


@given(VALUES, st.integers(0, 5))
def test_agrees_with_pickletools(value: object, protocol: int) -> None:
    """The same operations at the same positions, for every protocol."""
    data = pickle.dumps(value, protocol)
    assert names(data) == [(op.name, position) for op, _, position in pickletools.genops(data)]


@given(st.binary(max_size=200))
def test_any_bytes_end_or_are_malformed(data: bytes) -> None:
    """Never in another error."""
    try:
        operations = names(data)
    except Malformed:
        return
    assert operations[-1][0] == "STOP"


def test_data_is_skipped() -> None:
    """Its length is told, its bytes are not kept."""
    data = pickle.dumps(b"x" * 300_000, 4)
    operations = list(read_operations(Reader(io.BytesIO(data), Budget(1 << 40))))
    assert any(operation.argument == Skipped(300_000) for operation in operations)


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xff.", b"J\x00", b"T\xff\xff\xff\xff.", b"cno_newline"])
def test_says_where_it_breaks(data: bytes) -> None:
    """With a position in bytes, where there is one."""
    with pytest.raises(Malformed, match=r"\d"):
        names(data)
