"""The seam between everything that holds images: one repository's blobs, manifests, tags and referrers.

A remote registry, a layout on disk and the embedded registry's storage satisfy it;
`tests/contract/` runs one suite over all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from types import TracebackType
from typing import Protocol

from tidegate.errors import ContentError, NotFoundError
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.digest import BLOCK, Digest, Verifier


class Readable(Protocol):
    """What the standard library's binary streams have in common."""

    def read(self, size: int = -1, /) -> bytes | None: ...
    def readinto(self, buffer: memoryview, /) -> int | None: ...
    def close(self) -> None: ...
    def __enter__(self) -> Readable: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


# Opens a blob's bytes from an offset; called again for each retry.
Source = Callable[[int], Readable]


@dataclass(frozen=True, slots=True)
class Document:
    """A manifest or index, its bytes kept verbatim."""

    data: bytes
    media_type: str
    digest: Digest

    @property
    def descriptor(self) -> Descriptor:
        return Descriptor(media_type=self.media_type, digest=self.digest, size=len(self.data))


class ContentStore(Protocol):
    """One repository. Every method may raise OutsideError when the place can't be reached."""

    def blob_size(self, digest: Digest) -> int | None:
        """The size in bytes of a blob that is there, or None."""

    def open_blob(self, digest: Digest, offset: int = 0) -> Readable:
        """Stream a blob from an offset; the caller closes. Raises NotFoundError.

        The bytes are not verified here: callers that trust nobody wrap the stream in a Verifier.
        """

    def put_blob(self, digest: Digest, size: int, source: Source) -> None:
        """Store a blob, if it isn't there yet, visible only once whole and verified.

        Raises DigestMismatch when the source's bytes are others than promised.
        """

    def get_manifest(self, reference: Digest | str) -> Document:
        """A manifest or index by digest or tag, its bytes checked against a digest. Raises NotFoundError."""

    def put_manifest(self, data: bytes, media_type: str, tag: str | None = None) -> Descriptor:
        """Store a manifest whose blobs are there, and point the tag to it when one is given."""

    def tags(self) -> Sequence[str]:
        """All tags, sorted."""

    def referrers(self, subject: Digest, artifact_type: str | None = None) -> Sequence[Descriptor]:
        """Descriptors, with artifact type and annotations, of the manifests whose subject this is."""


def read_blob(store: ContentStore, digest: Digest, limit: int) -> bytes:
    """A whole small blob, verified. Raises ContentError above `limit` bytes, DigestMismatch, NotFoundError."""
    verifier = Verifier(digest)
    parts = []
    with store.open_blob(digest) as stream:
        while part := stream.read(BLOCK):
            if verifier.seen + len(part) > limit:
                raise ContentError(f"{digest}: larger than the {limit} bytes that are accepted here")
            verifier.update(part)
            parts.append(part)
    verifier.finish()
    return b"".join(parts)


def put_bytes(store: ContentStore, data: bytes, media_type: str) -> Descriptor:
    """Store bytes in memory as a blob; its descriptor."""
    digest = Digest.of(data)
    store.put_blob(digest, len(data), lambda offset: BytesIO(data[offset:]))
    return Descriptor(media_type=media_type, digest=digest, size=len(data))


def find_manifest(store: ContentStore, reference: Digest | str) -> Document | None:
    """`get_manifest`, with None where there is nothing."""
    try:
        return store.get_manifest(reference)
    except NotFoundError:
        return None
