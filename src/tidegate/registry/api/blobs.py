"""GET, HEAD and DELETE of blobs."""

from __future__ import annotations

import asyncio

from aiohttp import web

from tidegate.oci.digest import Digest
from tidegate.registry.api.refusal import Refusal, refuse
from tidegate.registry.api.requests import digest, repository


async def get(request: web.Request) -> web.StreamResponse:
    """The bytes, or the range of them that is asked for; for HEAD what would come."""
    store, wanted = repository(request), digest(request.match_info["digest"])
    if await asyncio.to_thread(store.blob_size, wanted) is None:
        raise _unknown(store.name, wanted)
    headers = {"Content-Type": "application/octet-stream", "Docker-Content-Digest": wanted}
    return web.FileResponse(store.blobs.path(wanted), headers=headers)


async def delete(request: web.Request) -> web.Response:
    """Take the blob from this repository."""
    store, wanted = repository(request), digest(request.match_info["digest"])
    if not await asyncio.to_thread(store.blobs.remove, wanted):
        raise _unknown(store.name, wanted)
    return web.Response(status=202)


def _unknown(name: str, wanted: Digest) -> Refusal:
    return refuse(404, "BLOB_UNKNOWN", f"{name}: there is no blob {wanted}")
