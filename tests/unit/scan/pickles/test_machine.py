from __future__ import annotations

import io
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.assets.scan.malicious import ECHO, proto, stack_call, text

from tidegate.scan.pickles.allowlist import rename
from tidegate.scan.pickles.machine import Machine
from tidegate.scan.pickles.opcodes import Malformed, read_operations
from tidegate.scan.reader import Budget, Reader


def follow(data: bytes) -> tuple[list[str], list[str], bool]:
    """Imports, oddities, and whether anything was called."""
    found: list[str] = []
    odd: list[str] = []
    machine = Machine(lambda item, _: found.append(str(item)), lambda code, *_: odd.append(code), rename, frozenset())
    for operation in read_operations(Reader(io.BytesIO(data), Budget(1 << 40))):
        machine.step(operation)
    return found, odd, machine.called


@pytest.mark.parametrize("protocol", range(6))
def test_finds_the_imports_of_every_protocol(protocol: int) -> None:
    """Whatever opcodes they are written with."""
    found, odd, called = follow(pickle.dumps([ValueError("x"), range(3)], protocol))
    assert found == ["builtins.ValueError", "builtins.range"]
    assert not odd
    assert called


def test_names_come_from_the_memo_as_well() -> None:
    """STACK_GLOBAL takes whatever lies on the stack."""
    data = proto(4, text("posix") + b"\x94" + text("system") + b"\x94" + b"00h\x00h\x01\x93" + ECHO + b"\x85R")
    assert follow(data)[0] == ["posix.system"]


def test_a_computed_name_is_unresolved() -> None:
    """Not passed over."""
    assert follow(proto(4, b"]" + text("system") + b"\x93"))[0] == ["?.?"]


def test_calling_what_a_call_made_is_odd() -> None:
    """No model needs it."""
    assert follow(proto(4, stack_call("functools", "partial") + ECHO + b"\x85R"))[1] == ["pickle-call"]


@pytest.mark.parametrize("data", [b"0.", b"t.", b"R.", b"(R.", b"h\x00", b"K\x01K\x02R.", b"(0(t00."])
def test_stops_where_a_loader_would(data: bytes) -> None:
    """An empty stack, a missing mark, a number that is called."""
    with pytest.raises(Malformed):
        follow(data)


@given(st.lists(st.sampled_from([b"(", b"0", b"1", b"2", b"N", b"]", b"}", b"t", b"l", b"a", b"e", b"\x94", b"h\x00"])))
def test_any_order_of_stack_operations_is_followed_or_refused(parts: list[bytes]) -> None:
    """Never in another error."""
    try:
        follow(b"".join([*parts, b"."]))
    except Malformed:
        return
