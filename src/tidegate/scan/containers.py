"""Examining one file for code that loading it would run, through everything it is packed in."""

from __future__ import annotations

import ast
import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from tidegate.scan import archives
from tidegate.scan.formats import HEAD, LOADED_NAMES, PICKLE_NAMES, Format, may_be_pickle, sniff, suffix, unread_kind
from tidegate.scan.pickles.allowlist import AllowList
from tidegate.scan.pickles.inspect import Inspection, inspect
from tidegate.scan.reader import Budget, Reader, TooLarge, Truncated

NOT_ANALYSED = "not-analysed"
_MAX_DEPTH = 8
_MAX_PICKLES = 10_000
# What a file may unpack to: so many times its size, within these bounds in bytes.
_MAX_RATIO = 200
_LEAST, _MOST = 1 << 30, 1 << 38
_COMPRESSED = {Format.GZIP, Format.BZIP2, Format.XZ, Format.LZMA, Format.ZLIB, Format.ZSTD}
# torch's format before 1.6 begins with a pickle of this number; raw tensors follow the fifth pickle.
_TORCH_MAGIC = b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
_TORCH_PICKLES = 5
_MAX_HEADER = 1 << 16
_TRIED = 1 << 16
_IMPORTS = {"pickle-global", "pickle-unresolved", "pickle-extension"}
_PACKED = re.compile(r"\.(gz|bz2|xz|lzma|zst|z|zlib)$", re.IGNORECASE)
# Read by what they are, whatever their name says.
_SURE = {Format.PICKLE, Format.NPY, *_COMPRESSED}


@dataclass(frozen=True, slots=True)
class Concern:
    """About a file: `code` is `not-analysed` or a kind of finding, `location` a path, inner ones after `!`."""

    code: str
    location: str
    detail: str


@dataclass(frozen=True, slots=True)
class _Place:
    """A file, packed or not: `location` for the report, `name` for its suffix."""

    location: str
    name: str
    depth: int = 0

    def inside(self, name: str) -> _Place:
        return _Place(f"{self.location}!{name[:500]}", name, self.depth + 1)

    def unpacked(self) -> _Place:
        """The same file without one compression and its suffix."""
        return _Place(self.location, _PACKED.sub("", self.name), self.depth + 1)


def examine(path: str, stream: IO[bytes], size: int, allowed: AllowList, *, rewindable: bool = False) -> list[Concern]:
    """All that is to be said of a file of `size` bytes; nothing when it is clean.

    Reads forward in bounded memory. `rewindable` says that the stream can be read again from its start,
    else a zip is copied to a temporary file.
    """
    budget = Budget(min(max(size * _MAX_RATIO, _LEAST), _MOST) + size)
    reader = Reader(stream, budget, rewindable=rewindable, skippable=rewindable)
    concerns: list[Concern] = []
    try:
        concerns.extend(_examine(_Place(path, path), reader, allowed))
    except TooLarge:
        concerns.append(Concern(NOT_ANALYSED, path, "it unpacks to more than is reasonable"))
    return concerns


def _examine(place: _Place, reader: Reader, allowed: AllowList) -> Iterator[Concern]:
    head = reader.peek(HEAD)
    kind = sniff(head)
    unread = unread_kind(place.name, head)
    if unread:
        yield Concern(NOT_ANALYSED, place.location, f"{unread} files can hold code and are not analysed yet")
        return
    if place.depth > _MAX_DEPTH:
        yield Concern(NOT_ANALYSED, place.location, f"it is packed more than {_MAX_DEPTH} deep")
        return
    try:
        yield from _by_kind(kind, place, reader, allowed)
    except Truncated:
        yield Concern(NOT_ANALYSED, place.location, "it ends early")
    except archives.BROKEN as error:
        # Many files that begin like an archive are none.
        if kind != Format.ZLIB or suffix(place.name) in LOADED_NAMES:
            yield Concern(NOT_ANALYSED, place.location, f"a broken {kind} file: {str(error)[:200]}")


def _by_kind(kind: Format, place: _Place, reader: Reader, allowed: AllowList) -> Iterator[Concern]:
    if kind in _COMPRESSED:
        inner = archives.decompress(reader, kind)
        return _examine(place.unpacked(), Reader(inner, reader.budget), allowed)
    if kind == Format.MAYBE_PICKLE and suffix(place.name) in PICKLE_NAMES:
        kind = Format.PICKLE
    return _READERS.get(kind, _other)(place, reader, allowed)


def _zip(place: _Place, reader: Reader, allowed: AllowList) -> Iterator[Concern]:
    for name, member in archives.zip_members(reader):
        if isinstance(member, archives.Unreadable):
            yield Concern(NOT_ANALYSED, place.inside(name).location, str(member))
        else:
            yield from _examine(place.inside(name), Reader(member, reader.budget), allowed)


def _tar(place: _Place, reader: Reader, allowed: AllowList) -> Iterator[Concern]:
    head = reader.peek(_TRIED)
    if may_be_pickle(head):
        # The name of the first member can be opcodes.
        aside = Reader(io.BytesIO(head), Budget(_TRIED))
        yield from _maybe_pickle(place, aside, allowed)
        if aside.position >= _TRIED:
            yield Concern(NOT_ANALYSED, place.location, "it reads as a pickle, too")
    for name, content in archives.tar_members(reader):
        yield from _examine(place.inside(name), Reader(content, reader.budget), allowed)


def _other(place: _Place, reader: Reader, _allowed: AllowList) -> Iterator[Concern]:
    head = reader.peek(HEAD)
    if head and suffix(place.name) in LOADED_NAMES and not _is_text(head):
        yield Concern(NOT_ANALYSED, place.location, "its name says model file, but its content is of no known kind")


def _is_text(head: bytes) -> bool:
    """Text is read by no loader, and a pickle that looks like text begins with an opcode."""
    return not any(byte < 9 for byte in head)


def _pickles(place: _Place, reader: Reader, allowed: AllowList) -> Iterator[Concern]:
    """Pickles in a row, as many as there are."""
    legacy = _TORCH_MAGIC in reader.peek(len(_TORCH_MAGIC) + 2)
    for count in range(_MAX_PICKLES):
        result = inspect(reader, allowed)
        yield from _concerns(place, result)
        if result.malformed:
            yield Concern("pickle-malformed", place.location, f"not a whole pickle: {result.malformed}")
            return
        if not reader.peek(1) or (legacy and count + 1 == _TORCH_PICKLES):
            return
        if sniff(reader.peek(HEAD)) not in {Format.PICKLE, Format.MAYBE_PICKLE}:
            yield Concern("pickle-leftover", place.location, f"bytes that are no pickle follow at {reader.position}")
            return
    yield Concern(NOT_ANALYSED, place.location, f"more than {_MAX_PICKLES} pickles in a row")


def _maybe_pickle(place: _Place, reader: Reader, allowed: AllowList) -> Iterator[Concern]:
    """A file that could be a pickle without a header: it is one when it calls what it imports before it breaks."""
    result = inspect(reader, allowed, certain=False)
    if result.called and any(issue.code in _IMPORTS for issue in result.issues):
        yield from _concerns(place, result)


def _concerns(place: _Place, result: Inspection) -> Iterator[Concern]:
    for issue in result.issues:
        yield Concern(issue.code, place.location, f"{issue.detail} (byte {issue.position})")


def _npy(place: _Place, reader: Reader, allowed: AllowList) -> Iterator[Concern]:
    """An array file (NEP 1): a header, then raw items, or a pickle when items are Python objects."""
    major = reader.take(8)[6]
    length = int.from_bytes(reader.take(2 if major == 1 else 4), "little")
    if length > _MAX_HEADER or not 1 <= major <= 3:
        raise ValueError("its header is too long, or of an unknown version")
    header = _literal(reader.take(length).decode("utf-8" if major == 3 else "latin-1"))
    if not isinstance(header, dict) or not {"descr", "shape"} <= set(header):
        raise ValueError("its header is none")
    if "O" in repr(header["descr"]):
        yield from _pickles(place, reader, allowed)
        return
    if not all(isinstance(item, int) and item >= 0 for item in header["shape"]) or math.prod(header["shape"]) > 1 << 50:
        raise ValueError("its shape is impossible")


def _literal(text: str) -> object:
    try:
        # Python 2 wrote its long integers with an L.
        return ast.literal_eval(re.sub(r"(\d)L\b", r"\1", text).strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError("its header is no literal") from error


_READERS = {
    Format.ZIP: _zip,
    Format.TAR: _tar,
    Format.NPY: _npy,
    Format.PICKLE: _pickles,
    Format.MAYBE_PICKLE: _maybe_pickle,
}
