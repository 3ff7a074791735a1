"""Pickle opcodes with their arguments, protocol 0 to 5, in constant memory (PEP 307, PEP 3154, PEP 574).

Grammar by `pickletools`; unlike its `genops`, data is skipped, not read.
"""

from __future__ import annotations

import pickletools
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tidegate.scan.reader import Reader, Truncated

# Longer texts are skipped: no module or name has as many bytes.
MAX_TEXT = 1024
# Longer integers are skipped: no shape has as many bytes.
_MAX_INTEGER = 16
_HIGHEST_PROTOCOL = 5

Argument = str | int | tuple[str, str] | None


class Malformed(Exception):
    """Not a pickle, or not one from here on."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Data that was passed over: `size` bytes."""

    size: int


@dataclass(frozen=True, slots=True)
class Operation:
    """`argument` is text or a number that fits, both names of a global, Skipped for data, or None."""

    name: str
    argument: Argument | Skipped
    position: int


def read_operations(reader: Reader) -> Iterator[Operation]:
    """The operations up to and with STOP. Raises Malformed with the reason, also where the bytes end early."""
    try:
        while True:
            position = reader.position
            code = reader.take(1)[0]
            entry = _TABLE.get(code)
            if entry is None:
                raise Malformed(f"byte {position}: {code:#04x} is no opcode")
            name, read = entry
            yield Operation(name, read(reader) if read else None, position)
            if name == "STOP":
                return
    except Truncated:
        raise Malformed(f"it ends at byte {reader.position} in the middle of a pickle") from None


def _number(layout: str) -> Callable[[Reader], int]:
    size = struct.calcsize(layout)

    def read(reader: Reader) -> int:
        value: int = struct.unpack(layout, reader.take(size))[0]
        return value

    return read


def _data(layout: str) -> Callable[[Reader], Skipped]:
    length = _number(layout)

    def read(reader: Reader) -> Skipped:
        return _skip(reader, length(reader))

    return read


def _text(layout: str) -> Callable[[Reader], str | Skipped]:
    length = _number(layout)

    def read(reader: Reader) -> str | Skipped:
        size = length(reader)
        if not 0 <= size <= MAX_TEXT:
            return _skip(reader, size)
        try:
            return reader.take(size).decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            return Skipped(size)

    return read


def _integer(layout: str) -> Callable[[Reader], int | Skipped]:
    length = _number(layout)

    def read(reader: Reader) -> int | Skipped:
        size = length(reader)
        if not 0 <= size <= _MAX_INTEGER:
            return _skip(reader, size)
        return int.from_bytes(reader.take(size), "little", signed=True)

    return read


def _skip(reader: Reader, size: int) -> Skipped:
    if size < 0:
        raise Malformed(f"byte {reader.position}: a negative length")
    reader.skip(size)
    return Skipped(size)


def _long_line(reader: Reader) -> Skipped:
    return Skipped(len(reader.line(0) or b""))


def _quoted_line(reader: Reader) -> str | Skipped:
    """The argument of STRING: a literal in quotes. One with escapes is not resolved."""
    line = reader.line(MAX_TEXT)
    if line is None or len(line) < 2 or line[:1] not in {b"'", b'"'} or line[-1:] != line[:1] or b"\\" in line:
        return Skipped(len(line or b""))
    return line[1:-1].decode("latin-1")


def _escaped_line(reader: Reader) -> str | Skipped:
    """The argument of UNICODE. One with escapes is not resolved."""
    line = reader.line(MAX_TEXT)
    return Skipped(len(line or b"")) if line is None or b"\\" in line else line.decode("latin-1")


def _integer_line(reader: Reader) -> int | Skipped:
    line = reader.line(40)
    try:
        return int((line or b"").rstrip(b"L"))
    except ValueError:
        return Skipped(len(line or b""))


def _two_names(reader: Reader) -> tuple[str, str]:
    module, name = reader.line(MAX_TEXT), reader.line(MAX_TEXT)
    if module is None or name is None:
        raise Malformed(f"byte {reader.position}: a global with a name of more than {MAX_TEXT} bytes")
    try:
        return module.decode(), name.decode()
    except UnicodeDecodeError:
        raise Malformed(f"byte {reader.position}: a global whose name isn't UTF-8") from None


_READERS: dict[str, Callable[[Reader], Argument | Skipped]] = {
    "uint1": _number("<B"),
    "uint2": _number("<H"),
    "int4": _number("<i"),
    "uint4": _number("<I"),
    "uint8": _number("<Q"),
    "float8": _number(">d"),
    "long1": _integer("<B"),
    "long4": _integer("<i"),
    "string1": _text("<B"),
    "string4": _text("<i"),
    "bytes1": _data("<B"),
    "bytes4": _data("<I"),
    "bytes8": _data("<Q"),
    "bytearray8": _data("<Q"),
    "unicodestring1": _text("<B"),
    "unicodestring4": _text("<I"),
    "unicodestring8": _text("<Q"),
    "unicodestringnl": _escaped_line,
    "stringnl": _quoted_line,
    "stringnl_noescape": _long_line,
    "stringnl_noescape_pair": _two_names,
    "decimalnl_short": _integer_line,
    "decimalnl_long": _integer_line,
    "floatnl": _long_line,
}

_TABLE: dict[int, tuple[str, Callable[[Reader], Argument | Skipped] | None]] = {
    ord(op.code): (op.name, _READERS[op.arg.name] if op.arg else None) for op in pickletools.opcodes
}
