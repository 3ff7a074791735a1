"""Small ELF files with a dynamic section and nothing else."""

from __future__ import annotations

import struct
from collections.abc import Sequence

_HEADERS = 64 + 2 * 56


def make_elf(needed: Sequence[str], search: str, *, machine: int = 62, dynamic: bool = True) -> bytes:
    """A 64-bit little-endian shared object that needs these libraries; its address is its offset."""
    strings = b"\0"
    tags: list[tuple[int, int]] = []
    for name in needed:
        tags.append((1, len(strings)))
        strings += name.encode() + b"\0"
    if search:
        tags.append((29, len(strings)))
        strings += search.encode() + b"\0"
    tags += [(5, _HEADERS), (0, 0)]
    table = b"".join(struct.pack("<qQ", *tag) for tag in tags)
    at = _HEADERS + len(strings)
    size = at + len(table)
    header = b"\x7fELF\x02\x01\x01" + bytes(9)
    header += struct.pack("<HHIQQQIHHHHHH", 3, machine, 1, 0, 64, 0, 0, 64, 56, 2 if dynamic else 1, 0, 0, 0)
    load = struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, size, size, 4096)
    section = struct.pack("<IIQQQQQQ", 2, 6, at, at, at, len(table), len(table), 8)
    return header + load + section + strings + table
