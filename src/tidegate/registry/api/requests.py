"""What the handlers read from a request: checked names, digests, numbers and bodies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

from tidegate.errors import ContentError
from tidegate.oci.digest import BLOCK, Digest
from tidegate.oci.reference import TAG
from tidegate.registry.api.refusal import Refusal, refuse
from tidegate.registry.storage.repository import StoredRepository
from tidegate.registry.storage.store import Storage

STORAGE = web.AppKey("storage", Storage)

# Seconds without a byte after which a request is given up.
_SILENCE = 300.0


def repository(request: web.Request) -> StoredRepository:
    """Raises RegistryError NAME_INVALID."""
    try:
        return request.app[STORAGE].repository(request.match_info["name"])
    except ContentError as error:
        raise refuse(400, "NAME_INVALID", error.message) from error


def digest(text: str) -> Digest:
    """Raises RegistryError DIGEST_INVALID."""
    try:
        return Digest(text)
    except ContentError as error:
        raise refuse(400, "DIGEST_INVALID", error.message) from error


def tag(text: str) -> str:
    """Raises RegistryError MANIFEST_INVALID: the spec has no code of its own for a bad tag."""
    if not TAG.fullmatch(text):
        raise refuse(400, "MANIFEST_INVALID", f"not a tag: {text[:150]!r}")
    return text


def reference(request: web.Request) -> Digest | str:
    """A manifest's digest or tag."""
    text = request.match_info["reference"]
    return digest(text) if ":" in text else tag(text)


def number(request: web.Request) -> int | None:
    """The `n` of a paged list, or None. Raises RegistryError."""
    text = request.query.get("n")
    if text is None:
        return None
    if not text.isdecimal() or len(text) > 9:
        raise refuse(400, "PAGINATION_NUMBER_INVALID", f"n={text[:20]} is not a number of entries")
    return int(text)


async def body(request: web.Request, limit: int) -> bytes:
    """A whole small body. Raises RegistryError SIZE_INVALID (413) above `limit` bytes."""
    parts, size = [], 0
    async for pieces in blocks(request):
        parts += pieces
        size += sum(map(len, pieces))
        if size > limit:
            raise refuse(413, "SIZE_INVALID", f"more than the {limit} bytes that a manifest may have")
    return b"".join(parts)


async def blocks(request: web.Request) -> AsyncIterator[list[bytes]]:
    """The body in lists of pieces, about 1 MiB in all. Raises RegistryError when it breaks off."""
    pieces: list[bytes] = []
    size = 0
    while piece := await _piece(request):
        if isinstance(piece, Refusal):
            break
        pieces.append(piece)
        size += len(piece)
        if size >= BLOCK:
            yield pieces
            pieces, size = [], 0
    if pieces:
        yield pieces
    if isinstance(piece, Refusal):
        raise piece


async def _piece(request: web.Request) -> bytes | Refusal:
    """What has come in, empty at the end; when it breaks off, how to answer after what came before is kept."""
    try:
        async with asyncio.timeout(_SILENCE):
            return await request.content.readany()
    except (ConnectionError, TimeoutError, web.RequestPayloadError):
        return refuse(400, "BLOB_UPLOAD_INVALID", "the body broke off")
