"""Writing tar streams that are the same on every machine."""

from __future__ import annotations

import posixpath
import tarfile
from collections.abc import Callable, Iterable, Iterator
from typing import IO

from tidegate.errors import ContentError
from tidegate.oci.digest import BLOCK
from tidegate.oci.layer import DIRECTORY, FILE, HARDLINK, SYMLINK, Entry
from tidegate.oci.recipe import TAR_BLOCK

# 1980-01-02T00:00:00Z: zip files know nothing earlier, and one constant keeps a checkout's times out of digests.
MTIME = 315_619_200
END = bytes(2 * TAR_BLOCK)
_TYPES = {FILE: tarfile.REGTYPE, DIRECTORY: tarfile.DIRTYPE, SYMLINK: tarfile.SYMTYPE, HARDLINK: tarfile.LNKTYPE}

Content = tuple[Entry, IO[bytes] | None]
# The folder that the layers below have at a path.
Existing = Callable[[str], Entry | None]


def nothing(_path: str) -> None:
    """What lies below when nothing does."""


def header(entry: Entry) -> bytes:
    """An entry's header blocks: ustar, with PAX records only for what ustar can't say (POSIX.1-2001)."""
    member = tarfile.TarInfo(entry.path)
    member.type = _TYPES[entry.kind]
    member.size = entry.size if entry.kind == FILE else 0
    member.mode, member.uid, member.gid = entry.mode, entry.uid, entry.gid
    member.linkname = entry.target
    member.mtime = MTIME
    return member.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def padding(size: int) -> bytes:
    """The zeros after a file of this size."""
    return bytes(-size % TAR_BLOCK)


def directory(path: str, mode: int = 0o755) -> Entry:
    """A folder that root owns."""
    return Entry(path, DIRECTORY, 0, mode, 0, 0)


def file(path: str, size: int, mode: int = 0o644) -> Entry:
    """A file that root owns."""
    return Entry(path, FILE, size, mode, 0, 0)


def stream(contents: Iterable[Content], where: str) -> Iterator[bytes]:
    """A tar archive in pieces of at most 1 MiB. Raises ContentError when a file isn't as long as its entry says."""
    for entry, content in contents:
        yield header(entry)
        if entry.kind == FILE:
            yield from _body(entry, content, where)
            yield padding(entry.size)
    yield END


def with_parents(contents: Iterable[Content], existing: Existing) -> Iterator[Content]:
    """The contents with every folder above an entry made once before it.

    A folder that the image below already has keeps its mode and owner.
    """
    made: set[str] = set()
    for entry, content in contents:
        for folder in parents(entry.path):
            if folder not in made:
                made.add(folder)
                yield existing(folder) or directory(folder), None
        if entry.kind == DIRECTORY:
            made.add(entry.path)
        yield entry, content


def parents(path: str) -> list[str]:
    """The folders above a path, the root left out, outermost first."""
    found = []
    while path := posixpath.dirname(path):
        found.append(path)
    return found[::-1]


def _body(entry: Entry, content: IO[bytes] | None, where: str) -> Iterator[bytes]:
    left = entry.size
    while left and content is not None:
        block = content.read(min(BLOCK, left))
        if not block:
            break
        left -= len(block)
        yield block
    if left or (content is not None and content.read(1)):
        raise ContentError(f"{where}: {entry.path}: not the {entry.size} bytes that were announced")
