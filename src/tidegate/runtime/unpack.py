"""Applying a layer's entries to a folder as if it were the root: nothing is ever written outside of it."""

from __future__ import annotations

import os
import posixpath
import shutil
import stat
from pathlib import Path
from typing import IO

from tidegate.errors import ContentError
from tidegate.oci.digest import BLOCK
from tidegate.oci.layer import DIRECTORY, FILE, HARDLINK, Entry

_MAX_LINKS = 40
# A user's own tree must stay readable and removable for that user.
_OWN_FOLDER, _OWN_FILE = 0o700, 0o400


class Tree:
    """A folder that layers are applied to, from the base upwards. Nobody else may write to it meanwhile.

    `owners` sets uid, gid and set-user-id bits as the layers say, which only root can.
    """

    def __init__(self, path: Path, *, owners: bool, where: str) -> None:
        self.path = os.fspath(path)
        self._owners = owners
        self._where = where
        self._folders = {"": ""}
        self._written: set[str] = set()

    def begin_layer(self) -> None:
        """Whiteouts hide what lies below their layer, never what their own layer brings."""
        self._written.clear()

    def place(self, entry: Entry, content: IO[bytes] | None) -> str | None:
        """Apply one entry; the path relative to the root where it ended up, None for a whiteout.

        Raises ContentError when it can't be placed inside the root.
        """
        if entry.whiteout is not None:
            self._hide(entry.whiteout)
            return None
        if entry.opaque is not None:
            self._clear(entry.opaque)
            return None
        path = self._inside(entry.path)
        if not path:
            return path
        self._written.add(path)
        if entry.kind == DIRECTORY:
            self._folder(path, entry)
        else:
            self._make_room(path)
            self._write(path, entry, content)
        return path

    def ensure_folder(self, path: str, mode: int) -> None:
        """A folder to mount something on, made where the image has none."""
        Path(self._full(self._resolve(path))).chmod(mode)

    def _write(self, path: str, entry: Entry, content: IO[bytes] | None) -> None:
        full = self._full(path)
        if entry.kind == HARDLINK:
            source = self._full(self._inside(entry.target))
            if not stat.S_ISREG(_mode(source)):
                raise ContentError(
                    f"{self._where}: {entry.path!r} links to {entry.target!r}, which is not a file there"
                )
            os.link(source, full, follow_symlinks=False)
            return
        if entry.kind != FILE:
            Path(full).symlink_to(entry.target)
            if self._owners:
                os.lchown(full, entry.uid, entry.gid)
            return
        fd = os.open(full, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with open(fd, "wb", buffering=0) as file:
            if content is not None:
                shutil.copyfileobj(content, file, BLOCK)
            if self._owners:
                os.fchown(fd, entry.uid, entry.gid)
            os.fchmod(fd, entry.mode if self._owners else (entry.mode & 0o1777) | _OWN_FILE)

    def _folder(self, path: str, entry: Entry) -> None:
        full = self._full(path)
        if not stat.S_ISDIR(_mode(full)):
            self._make_room(path)
            Path(full).mkdir()
        if self._owners:
            os.chown(full, entry.uid, entry.gid)
        Path(full).chmod(entry.mode if self._owners else (entry.mode & 0o1777) | _OWN_FOLDER)

    def _hide(self, path: str) -> None:
        target = self._inside(path)
        if target and target not in self._written:
            self._make_room(target)

    def _clear(self, path: str) -> None:
        folder = self._resolve(path)
        for found in list(Path(self._full(folder)).iterdir()):
            child = posixpath.join(folder, found.name)
            if child not in self._written:
                self._make_room(child)

    def _make_room(self, path: str) -> None:
        full = self._full(path)
        mode = _mode(full)
        if stat.S_ISDIR(mode):
            shutil.rmtree(full)
        elif mode:
            Path(full).unlink()
        if stat.S_ISDIR(mode) or stat.S_ISLNK(mode):
            self._folders = {"": ""}

    def _inside(self, path: str) -> str:
        """The path with its folders resolved inside the root; the last name is not followed."""
        folder, name = posixpath.split(path)
        return posixpath.join(self._resolve(folder), name)

    def _resolve(self, folder: str) -> str:
        """A folder's real path below the root, made where it is missing."""
        known = self._folders.get(folder)
        if known is None:
            known = self._folders[folder] = self._walk(folder)
        return known

    def _walk(self, folder: str) -> str:
        names, real, links = folder.split("/")[::-1], "", 0
        while names:
            name = names.pop()
            if name in {"", "."}:
                continue
            if name == "..":
                real = posixpath.dirname(real)
                continue
            step = posixpath.join(real, name)
            mode = _mode(self._full(step))
            if stat.S_ISLNK(mode):
                links += 1
                target = os.fspath(Path(self._full(step)).readlink())
                real = "" if target.startswith("/") else real
                names.extend(target.split("/")[::-1])
            elif mode and not stat.S_ISDIR(mode):
                raise ContentError(f"{self._where}: {folder!r} goes through {step!r}, which is not a folder")
            else:
                if not mode:
                    Path(self._full(step)).mkdir(mode=0o755)
                real = step
            if links > _MAX_LINKS:
                raise ContentError(f"{self._where}: {folder!r} goes through more than {_MAX_LINKS} symbolic links")
        return real

    def _full(self, path: str) -> str:
        return f"{self.path}/{path}"


def _mode(full: str) -> int:
    """The type and mode of what is there, 0 when nothing is."""
    try:
        return os.lstat(full).st_mode
    except FileNotFoundError:
        return 0
