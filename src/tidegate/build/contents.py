"""What a layer's files are and what its ELF files need, read once for each layer and remembered."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import IO

import msgspec

from tidegate.build.elf import Elf, read_elf
from tidegate.oci.digest import Digest
from tidegate.oci.layer import FILE, Entry, read_layer
from tidegate.oci.layout import make_folder, replacing

# Raised whenever what is remembered changes its shape or meaning.
_FORMAT = 1
_MAX_TEXT = 64 << 10
_CONF = ("etc/ld.so.conf", "etc/ld.so.conf.d/")


class Item(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """One entry of a layer. `text` is kept for the linker's configuration only."""

    path: str
    kind: str
    target: str = ""
    mode: int = 0o755
    uid: int = 0
    gid: int = 0
    elf: Elf | None = None
    text: str = ""

    @property
    def entry(self) -> Entry:
        return Entry(self.path, self.kind, 0, self.mode, self.uid, self.gid, self.target)


Items = tuple[Item, ...]


def read_items(stream: IO[bytes], where: str) -> Items:
    """The entries of an uncompressed layer. Raises ContentError, naming `where`."""
    return tuple(_item(entry, content) for entry, content in read_layer(stream, where))


class ContentsCache:
    """Items of layers by diff_id, a file each in a folder that may be deleted at any time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, diff_id: Digest, read: Callable[[], Items]) -> Items:
        """The remembered items, or those that `read` gives, remembered from now on."""
        path = self._folder / hashlib.sha256(f"{_FORMAT} {diff_id}".encode()).hexdigest()
        try:
            return msgspec.json.decode(path.read_bytes(), type=Items)
        except (OSError, msgspec.DecodeError):
            items = read()
        make_folder(self._folder)
        with replacing(path) as stream:
            stream.write(msgspec.json.encode(items))
        return items


def _item(entry: Entry, content: IO[bytes] | None) -> Item:
    elf, text = None, ""
    if entry.kind == FILE and content is not None:
        if entry.path.startswith(_CONF):
            text = content.read(_MAX_TEXT).decode("utf-8", "replace")
        else:
            elf = read_elf(content)
    return Item(entry.path, entry.kind, entry.target, entry.mode, entry.uid, entry.gid, elf, text)
