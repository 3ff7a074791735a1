"""HTML from values: every text is escaped, unless it is markup already."""

from __future__ import annotations

from html import escape

_VOID = frozenset({"meta", "br"})


class Markup(str):
    """Text that is HTML."""

    __slots__ = ()


def element(name: str, /, *children: str | None, **attributes: str) -> Markup:
    """An element. Children that are None are left out; `class_` stands for `class`."""
    given = "".join(f' {key.rstrip("_")}="{escape(value)}"' for key, value in attributes.items())
    if name in _VOID:
        return Markup(f"<{name}{given}>")
    return Markup(f"<{name}{given}>{join(*children)}</{name}>")


def join(*children: str | None) -> Markup:
    """Several pieces in a row."""
    return Markup("".join(child if isinstance(child, Markup) else escape(child) for child in children if child))
