"""The file system that layers make together, as far as names, links and ELF files go."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping

from tidegate.build.contents import Item, Items
from tidegate.oci.layer import DIRECTORY, SYMLINK, WHITEOUT, Entry

_MAX_LINKS = 40


class Filesystem:
    """Visible items by path. Layers are laid over it from the bottom up."""

    def __init__(self, layers: Iterable[Items] = ()) -> None:
        self._items: dict[str, Item] = {}
        for layer in layers:
            self.add(layer)

    def add(self, layer: Items) -> None:
        """Lay a layer over what is there (OCI image-spec, layer.md, "Applying Changesets")."""
        marks = [item for item in layer if WHITEOUT in item.path]
        for entry in (item.entry for item in marks):
            if entry.whiteout is not None:
                self._remove(entry.whiteout)
            elif entry.opaque is not None:
                self._remove_below(entry.opaque)
        for item in layer:
            below = self._items.get(item.path)
            if below is not None and below.kind == DIRECTORY != item.kind:
                self._remove_below(item.path)
            self._items[item.path] = item
        for item in marks:
            if item.entry.whiteout is not None or item.entry.opaque is not None:
                self._items.pop(item.path, None)

    @property
    def items(self) -> Mapping[str, Item]:
        return self._items

    def folder(self, path: str) -> Entry | None:
        """The folder at a path, or None."""
        item = self._items.get(path)
        return item.entry if item is not None and item.kind == DIRECTORY else None

    def place(self, path: str) -> str:
        """Where a new entry at a path ends up: links in the folders above it are followed."""
        folder, name = posixpath.split(path)
        if not folder:
            return path
        resolved = self.resolve(folder)
        return posixpath.join(self.place(folder) if resolved is None else resolved, name)

    def resolve(self, path: str) -> str | None:
        """The path that a name leads to through all links, or None when there is nothing."""
        return self._resolve(path.strip("/"), _MAX_LINKS)

    def _resolve(self, path: str, left: int) -> str | None:
        done = ""
        parts = [part for part in path.split("/") if part not in {"", "."}]
        for number, part in enumerate(parts):
            done = posixpath.dirname(done) if part == ".." else posixpath.join(done, part)
            item = self._items.get(done)
            if item is None or item.kind != SYMLINK:
                continue
            if not left:
                return None
            target = posixpath.join("/", posixpath.dirname(done), item.target)
            return self._resolve("/".join([target, *parts[number + 1 :]]), left - 1)
        return done if done in self._items or not done else None

    def _remove(self, path: str) -> None:
        self._items.pop(path, None)
        self._remove_below(path)

    def _remove_below(self, folder: str) -> None:
        prefix = f"{folder}/" if folder else ""
        for path in [path for path in self._items if path.startswith(prefix)]:
            del self._items[path]
