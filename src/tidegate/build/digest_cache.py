"""Digests of files and of recipes, remembered as long as the files are the same by device, inode, size and times."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec

from tidegate.errors import ContentError, StorageError
from tidegate.oci.digest import Digest
from tidegate.oci.recipe import FileKey, Literal, Recipe

# A file may change again within its clock tick; ctime, which no program can set, tells.
SETTLED = 2_000_000_000


class DigestCache:
    """A small SQLite file. What it can't read it forgets. Safe to use from several threads and processes."""

    def __init__(self, path: Path) -> None:
        """`path` is the file; its folder is made. Raises StorageError."""
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = _open(path)
        except (OSError, sqlite3.Error) as error:
            raise StorageError(f"{path}: {error}", hint="check the folder's rights and free space") from error

    def get(self, key: str) -> Digest | None:
        """The digest remembered for a key of `file_key` or `recipe_key`."""
        try:
            with self._lock:
                row = self._database.execute("SELECT digest FROM digests WHERE key = ?", (key,)).fetchone()
            return Digest(row[0]) if row else None
        except (sqlite3.Error, ContentError):
            return None

    def put(self, key: str, digest: Digest, files: Iterable[FileKey], now: int) -> None:
        """Remember a digest, unless one of its files changed less than 2 s before `now` (Unix time, nanoseconds)."""
        if any(file.ctime > now - SETTLED for file in files):
            return
        # A full disk or a damaged file costs time, not the build.
        with suppress(sqlite3.Error), self._lock, self._database:
            self._database.execute("INSERT OR REPLACE INTO digests VALUES (?, ?)", (key, digest))

    def close(self) -> None:
        self._database.close()


def file_key(key: FileKey) -> str:
    """The key under which a file's own digest is remembered."""
    return hashlib.sha256(b"file" + msgspec.json.encode(key)).hexdigest()


def recipe_key(recipe: Recipe) -> str:
    """The key under which a recipe's digest is remembered: its literal bytes and its files, wherever they lie."""
    state = hashlib.sha256(b"recipe")
    for part in recipe.parts:
        data = part.data if isinstance(part, Literal) else msgspec.json.encode(part.key)
        state.update(f"{type(part).__name__} {len(data)} ".encode() + data)
    return state.hexdigest()


def _open(path: Path) -> sqlite3.Connection:
    try:
        return _connect(path)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        path.unlink()
        return _connect(path)


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=10, check_same_thread=False)
    with database:
        database.execute("CREATE TABLE IF NOT EXISTS digests (key TEXT PRIMARY KEY, digest TEXT) WITHOUT ROWID")
    return database
