"""Layers in the format `gzip/1`: independent gzip members of 1 MiB by libdeflate at level 1.

The bytes depend on nothing but the content: docs/explanation/what-decides-a-digest.md says why.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import IO, TYPE_CHECKING

import deflate

from tidegate.build import tar
from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.digest import BLOCK, Digest
from tidegate.oci.image import Layer
from tidegate.oci.layout import Layout

if TYPE_CHECKING:
    from hashlib import _Hash

LEVEL = 1


def store_layer(store: Layout, contents: Iterable[tar.Content], where: str) -> Layer:
    """Write a compressed layer into the store, in one pass and bounded memory; its descriptor and diff_id.

    Raises ContentError, naming `where`, when a file isn't as long as its entry says; StorageError.
    """
    return _store(store, tar.stream(contents, where))


def compress_layer(store: Layout, stream: IO[bytes]) -> Layer:
    """Write an uncompressed tar as a compressed layer into the store."""
    return _store(store, iter(lambda: stream.read(BLOCK), b""))


def _store(store: Layout, pieces: Iterable[bytes]) -> Layer:
    state = hashlib.sha256()
    with store.growing_blob() as blob:
        for part in compress(_hashed(pieces, state)):
            blob.write(part)
    descriptor = Descriptor(media_type=media_types.LAYER_GZIP, digest=blob.digest, size=blob.size)
    return Layer(descriptor, Digest.finish(state))


def compress(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The gzip members of a byte stream, whatever the size of its pieces; several are made at once."""
    workers = min(4, os.cpu_count() or 1)
    pending: deque[Future[bytes]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for block in blocks(pieces):
            pending.append(pool.submit(member, block))
            if len(pending) > 2 * workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def member(block: bytes) -> bytes:
    """One gzip member: no name, no time, system unknown."""
    return bytes(deflate.gzip_compress(block, LEVEL))


def blocks(pieces: Iterable[bytes], size: int = BLOCK) -> Iterator[bytes]:
    """The same bytes in blocks of `size`, the last one shorter."""
    buffer = bytearray()
    for piece in pieces:
        buffer += piece
        while len(buffer) >= size:
            yield bytes(buffer[:size])
            del buffer[:size]
    if buffer:
        yield bytes(buffer)


def _hashed(pieces: Iterable[bytes], state: _Hash) -> Iterator[bytes]:
    for piece in pieces:
        state.update(piece)
        yield piece
