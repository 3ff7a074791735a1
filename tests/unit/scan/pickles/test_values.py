from __future__ import annotations

from tidegate.scan.pickles.values import OPAQUE, Global, Mapping, flat


def test_what_is_nested_is_let_go() -> None:
    """So that a stack never holds on to a whole model."""
    assert flat((1, 2)) is OPAQUE
    assert flat(Mapping()) is OPAQUE
    assert flat(Global("a", "b")) == Global("a", "b")
    assert flat("text") == "text"
