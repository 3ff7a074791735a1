"""tidegate.lock as values: what a build is made of, by digest, with no host name of a mirror or index."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tidegate.errors import ContentError, LockError
from tidegate.oci.digest import Digest

LOCK_NAME = "tidegate.lock"
# The layer compression whose bytes are the same on every machine: docs/adr/0002-gzip-1.md.
GZIP_FORMAT = "gzip/1"
_MAX_BYTES = 64 << 20


class Locked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A mapping of the lock file."""


class DebianPackage(Locked, frozen=True):
    """A .deb: its path below a mirror's root, and the archive (`debian` or `debian-security`) that has it."""

    name: str
    version: str
    architecture: str
    archive: str
    path: str
    size: int
    sha256: str


class PythonPackage(Locked, frozen=True):
    """A wheel, by file name; found again through the index's own listing (PEP 503, PEP 691)."""

    name: str
    version: str
    file: str
    size: int
    sha256: str
    # The position in build.indexes, or None for the default index.
    index: int | None = None


class LockedBase(Locked, frozen=True):
    """What `build.base` resolved to. `digest` names an image manifest or index, empty for Debian."""

    kind: str
    reference: str
    digest: str = ""
    python: str = ""


class LockedPlatform(Locked, frozen=True):
    platform: str
    debian: tuple[DebianPackage, ...] = ()
    python: tuple[PythonPackage, ...] = ()


class LockedFile(Locked, frozen=True):
    """One weight file: its path below the weights' source, `.` for the source itself."""

    path: str
    size: int
    sha256: str


class LockedWeights(Locked, frozen=True):
    name: str
    source: str
    files: tuple[LockedFile, ...]


class Lock(Locked, frozen=True, rename={"version": "tidegate-lock"}):
    """The whole of tidegate.lock."""

    version: int
    # The digest of everything in tidegate.yaml and the requirement files that the lock was resolved from.
    inputs: str
    compression: str
    base: LockedBase
    platforms: tuple[LockedPlatform, ...]
    weights: tuple[LockedWeights, ...] = ()

    def platform(self, name: str) -> LockedPlatform:
        """Raises LockError when the lock doesn't have the platform."""
        for locked in self.platforms:
            if locked.platform == name:
                return locked
        raise LockError(f"{LOCK_NAME}: nothing is locked for {name}", hint="run: tidegate lock")


def encode_lock(lock: Lock) -> bytes:
    """Indented JSON, one stable form, so that a lock reads well in a diff."""
    return msgspec.json.format(msgspec.json.encode(lock, order="deterministic"), indent=1) + b"\n"


def read_lock(folder: Path) -> Lock | None:
    """The lock of a model folder, or None when there is none. Raises LockError."""
    path = folder / LOCK_NAME
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LockError(f"{path}: {error.strerror}", hint="check the file's rights") from error
    if len(data) > _MAX_BYTES:
        raise LockError(f"{path}: larger than the {_MAX_BYTES} bytes that are accepted")
    return _decode(data, path)


def _decode(data: bytes, path: Path) -> Lock:
    try:
        lock = msgspec.json.decode(data, type=Lock)
        if lock.base.digest:
            Digest(lock.base.digest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ContentError) as error:
        raise LockError(f"{path}: {error}", hint="run: tidegate lock") from error
    if lock.version != 1 or lock.compression != GZIP_FORMAT:
        raise LockError(
            f"{path}: format {lock.version} with compression {lock.compression!r} is not one that this version knows",
            hint="install the version of Tidegate that wrote it, or run: tidegate lock --upgrade",
        )
    return lock


def file_digest(locked: LockedFile | DebianPackage | PythonPackage) -> Digest:
    """The sha256 of a locked file as a digest. Raises ContentError when it isn't one."""
    return Digest(f"sha256:{locked.sha256}")
