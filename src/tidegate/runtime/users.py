"""The user that an image's configuration names, by the image's own passwd and group files."""

from __future__ import annotations

import os
from pathlib import Path

from tidegate.errors import ContentError
from tidegate.runtime.interface import User

_MAX_FILE = 1 << 20
_LARGEST = 2**32 - 2


def resolve(root: Path, user: str) -> tuple[User, str]:
    """Numeric ids of `user[:group]`, and the home folder (OCI image-spec, config.md, "User").

    Empty means root. Raises ContentError for a name that the image doesn't know.
    """
    name, _, group = user.partition(":")
    name = name or "0"
    entry = next((e for e in _entries(root, "passwd", 7) if name in {e[0], e[2]}), None)
    if entry is None and not name.isdecimal():
        raise ContentError(f"the image's user {user!r} is not in its /etc/passwd")
    uid = _number(entry[2] if entry else name, user)
    gid = _number(entry[3], user) if entry else 0
    if group:
        gid = _group(root, group, user)
    return User(uid, gid), (entry[5] if entry else "") or "/"


def _group(root: Path, group: str, user: str) -> int:
    entry = next((e for e in _entries(root, "group", 4) if group in {e[0], e[2]}), None)
    if entry is None and not group.isdecimal():
        raise ContentError(f"the group of the image's user {user!r} is not in its /etc/group")
    return _number(entry[2] if entry else group, user)


def _number(text: str, user: str) -> int:
    if not text.isdecimal() or int(text) > _LARGEST:
        raise ContentError(f"the image's user {user!r} has no valid number")
    return int(text)


def _entries(root: Path, name: str, fields: int) -> list[list[str]]:
    """The lines of a file in /etc, which must not lead out of the root by symbolic links."""
    path = root / "etc" / name
    try:
        if path.resolve().is_relative_to(root.resolve()):
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            with open(fd, "rb") as file:
                lines = file.read(_MAX_FILE).decode("utf-8", "replace").splitlines()
            return [parts for line in lines if len(parts := line.split(":")) == fields]
    except (OSError, RuntimeError):
        return []
    return []
