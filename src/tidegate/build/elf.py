"""What an ELF file needs: a reader of its dynamic section (System V ABI, chapters 4 and 5)."""

from __future__ import annotations

import shutil
import struct
import tempfile
from dataclasses import dataclass
from typing import IO

import msgspec

MAGIC = b"\x7fELF"
MACHINES = {62: "amd64", 183: "arm64"}
_PT_LOAD, _PT_DYNAMIC = 1, 2
_DT_NULL, _DT_NEEDED, _DT_STRTAB, _DT_RPATH, _DT_RUNPATH = 0, 1, 5, 15, 29
_NAMES = (_DT_NEEDED, _DT_RPATH, _DT_RUNPATH)
_IN_MEMORY = 16 << 20
_MAX_HEADERS = 1024
_MAX_DYNAMIC = 64 << 10
_MAX_NAME = 4096


class Elf(msgspec.Struct, frozen=True, array_like=True):
    """The CPU it is for, the libraries it needs, and the folders where it wants them looked for."""

    machine: int
    needed: tuple[str, ...]
    search: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Segment:
    kind: int
    offset: int
    address: int
    size: int


def read_elf(content: IO[bytes]) -> Elf | None:
    """The needs of a 64-bit little-endian file with a dynamic section; None for any other file."""
    start = content.read(64)
    if len(start) < 64 or not start.startswith(MAGIC) or start[4:6] != b"\x02\x01":
        return None
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
        file.write(start)
        shutil.copyfileobj(content, file, 1 << 20)
        try:
            return _read(file, start)
        except (struct.error, OverflowError):
            return None


def _read(file: tempfile.SpooledTemporaryFile[bytes], header: bytes) -> Elf | None:
    machine = struct.unpack_from("<H", header, 18)[0]
    table = struct.unpack_from("<Q", header, 32)[0]
    size, count = struct.unpack_from("<HH", header, 54)
    segments = [_segment(_at(file, table + number * size, 56)) for number in range(min(count, _MAX_HEADERS))]
    dynamic = next((segment for segment in segments if segment.kind == _PT_DYNAMIC), None)
    if dynamic is None:
        return None
    entries = _dynamic(_at(file, dynamic.offset, min(dynamic.size, _MAX_DYNAMIC)))
    strings = _offset(segments, next(value for tag, value in [*entries, (_DT_STRTAB, -1)] if tag == _DT_STRTAB))
    if strings is None:
        return None
    names = {tag: [_name(file, strings + at) for found, at in entries if found == tag] for tag in _NAMES}
    search = names[_DT_RUNPATH] or names[_DT_RPATH]
    return Elf(
        machine, tuple(names[_DT_NEEDED]), tuple(folder for path in search for folder in path.split(":") if folder)
    )


def _segment(data: bytes) -> _Segment:
    kind, _flags, offset, address, _physical, size = struct.unpack_from("<IIQQQQ", data)
    return _Segment(kind, offset, address, size)


def _dynamic(data: bytes) -> list[tuple[int, int]]:
    found = []
    for tag, value in struct.iter_unpack("<qQ", data[: len(data) // 16 * 16]):
        if tag == _DT_NULL:
            break
        found.append((tag, value))
    return found


def _offset(segments: list[_Segment], address: int) -> int | None:
    """Where in the file the byte at an address lies."""
    for segment in segments:
        if segment.kind == _PT_LOAD and segment.address <= address < segment.address + segment.size:
            return segment.offset + address - segment.address
    return None


def _name(file: tempfile.SpooledTemporaryFile[bytes], offset: int) -> str:
    return _at(file, offset, _MAX_NAME).partition(b"\0")[0].decode("utf-8", "replace")


def _at(file: tempfile.SpooledTemporaryFile[bytes], offset: int, size: int) -> bytes:
    file.seek(offset)
    return file.read(size)
