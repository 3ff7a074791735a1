"""Users and their passwords, of which only hashes are kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path

import msgspec

from tidegate.oci.manifest import decode
from tidegate.registry.storage.disk import Disk, guarded

ADMIN = "admin"
_FILE = "users.json"
# OWASP's parameters for scrypt: 16 MiB and about 50 ms for each guess.
_COST, _BLOCK_SIZE, _PARALLEL = 1 << 14, 8, 1
_MAX_PASSWORD = 1024


class PasswordHash(msgspec.Struct, frozen=True):
    """A salted scrypt hash (RFC 7914), with the parameters that made it."""

    salt: bytes
    hash: bytes
    cost: int = _COST
    block_size: int = _BLOCK_SIZE
    parallel: int = _PARALLEL

    @classmethod
    def of(cls, password: str) -> PasswordHash:
        salt = secrets.token_bytes(16)
        return cls(salt, _scrypt(password, salt, _COST, _BLOCK_SIZE, _PARALLEL))

    def matches(self, password: str) -> bool:
        """In a time that doesn't depend on how much of it is right."""
        tried = _scrypt(password[:_MAX_PASSWORD], self.salt, self.cost, self.block_size, self.parallel)
        return hmac.compare_digest(tried, self.hash)


class Users(msgspec.Struct, frozen=True):
    """A registry's users by name; none where anyone may do everything."""

    users: dict[str, PasswordHash] = {}

    @classmethod
    def load(cls, data: Path) -> Users:
        """Raises ContentError, StorageError."""
        path = data / _FILE
        with guarded(path):
            try:
                stored = path.read_bytes()
            except FileNotFoundError:
                return cls()
        return decode(stored, cls, str(path))

    def save(self, disk: Disk) -> None:
        """Raises StorageError."""
        disk.write(disk.root / _FILE, msgspec.json.encode(self))

    def check(self, name: str, password: str) -> bool:
        """Whether this is a user's password; an unknown name takes as long as a wrong password."""
        known = self.users.get(name)
        return (known or _NOBODY).matches(password) and known is not None


def make_admin(disk: Disk) -> str:
    """Make the first user; the password, which is kept nowhere. Raises StorageError."""
    password = secrets.token_urlsafe(18)
    Users({ADMIN: PasswordHash.of(password)}).save(disk)
    return password


def _scrypt(password: str, salt: bytes, cost: int, block_size: int, parallel: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=cost, r=block_size, p=parallel)


_NOBODY = PasswordHash(bytes(16), bytes(64))
