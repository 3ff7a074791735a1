"""Content digests (OCI image-spec, descriptor.md, "Digests")."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, BinaryIO

from tidegate.errors import ContentError, DigestMismatch

if TYPE_CHECKING:
    from hashlib import _Hash

BLOCK = 1 << 20
_HEX_LENGTH = {"sha256": 64, "sha512": 128}
_GRAMMAR = re.compile(r"(sha256|sha512):([0-9a-f]+)")


class Digest(str):
    """A validated `algorithm:hex` string, safe to use in a path or URL.

    Raises ContentError for an unknown algorithm, a wrong length or any other character.
    """

    __slots__ = ()

    def __new__(cls, value: str) -> Digest:
        match = _GRAMMAR.fullmatch(value)
        if match is None or len(match[2]) != _HEX_LENGTH[match[1]]:
            raise ContentError(
                f"not a digest: {value[:100]!r}",
                hint="a digest is sha256: and 64, or sha512: and 128, lower-case hex digits",
            )
        return super().__new__(cls, value)

    @property
    def algorithm(self) -> str:
        return self.partition(":")[0]

    @property
    def hex(self) -> str:
        return self.partition(":")[2]

    @classmethod
    def of(cls, data: bytes, algorithm: str = "sha256") -> Digest:
        """The digest of bytes in memory."""
        return cls(f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}")

    @classmethod
    def finish(cls, state: _Hash) -> Digest:
        """The digest that a hashlib object has arrived at."""
        return cls(f"{state.name}:{state.hexdigest()}")


def digest_stream(stream: BinaryIO, algorithm: str = "sha256") -> tuple[Digest, int]:
    """Read a stream to its end in 1 MiB blocks; its digest and its size in bytes."""
    state = hashlib.new(algorithm)
    buffer = memoryview(bytearray(BLOCK))
    size = 0
    while count := stream.readinto(buffer):  # type: ignore[attr-defined]
        state.update(buffer[:count])
        size += count
    return Digest.finish(state), size


class Verifier:
    """Counts and hashes bytes on their way, and says at the end whether they were the promised ones."""

    def __init__(self, digest: Digest, size: int | None = None) -> None:
        self.digest = digest
        self.size = size
        self.seen = 0
        self._state = hashlib.new(digest.algorithm)

    def update(self, data: bytes | memoryview) -> None:
        """Raises DigestMismatch as soon as there are more bytes than promised."""
        self.seen += len(data)
        if self.size is not None and self.seen > self.size:
            raise DigestMismatch(f"{self.digest}: more than the {self.size} bytes that were promised")
        self._state.update(data)

    def finish(self) -> None:
        """Raises DigestMismatch when bytes are missing or differ."""
        if self.size is not None and self.seen != self.size:
            raise DigestMismatch(f"{self.digest}: {self.seen} bytes came, {self.size} were promised")
        if Digest.finish(self._state) != self.digest:
            raise DigestMismatch(f"the bytes that came for {self.digest} have another digest")
