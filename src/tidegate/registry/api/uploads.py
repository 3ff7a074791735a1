"""Sending blobs: POST, PATCH, PUT, GET and DELETE of uploads."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

from aiohttp import web

from tidegate.errors import Error, NotFoundError
from tidegate.oci.digest import Digest
from tidegate.registry.api.refusal import Refusal, refuse
from tidegate.registry.api.requests import STORAGE, blocks, digest, repository
from tidegate.registry.storage.repository import StoredRepository
from tidegate.registry.storage.uploads import Upload

# Writing may wait for the disk: it has threads of its own, so that reading goes on.
WRITERS = web.AppKey("writers", ThreadPoolExecutor)

_RANGE = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")


async def start(request: web.Request) -> web.Response:
    """A new upload; or at once a mounted blob, or one sent with this request."""
    store = repository(request)
    if await _mount(request, store):
        return _created(store, digest(request.query["mount"]))
    whole = request.query.get("digest")
    promised = digest(whole) if whole is not None else None
    algorithm = promised.algorithm if promised else request.query.get("digest-algorithm", "sha256")
    if algorithm not in {"sha256", "sha512"}:
        raise refuse(400, "DIGEST_INVALID", f"algorithm {algorithm[:20]!r} is not known here")
    name = await asyncio.to_thread(request.app[STORAGE].uploads.start, store.path, algorithm)
    if promised is None:
        return web.Response(status=202, headers=_headers(store, name, 0))
    await _whole(request, store, name, promised)
    return _created(store, promised)


async def append(request: web.Request) -> web.Response:
    """The next part of an upload."""
    store, name = repository(request), request.match_info["upload"]
    async with _writing(request, store, name) as upload:
        _check_range(request, store, name, upload)
        await _receive(request, upload)
        return web.Response(status=202, headers=_headers(store, name, upload.size))


async def finish(request: web.Request) -> web.Response:
    """The rest of an upload, or all of it, and the digest that it must have."""
    store, name = repository(request), request.match_info["upload"]
    promised = digest(request.query.get("digest", ""))
    try:
        async with _writing(request, store, name) as upload:
            _check_range(request, store, name, upload)
            upload.expect(promised.algorithm)
            await _receive(request, upload)
            await asyncio.to_thread(upload.finish, promised, store.blobs)
    except Refusal as error:
        # The answer to a first try may have been lost on its way.
        if error.status != 404 or await asyncio.to_thread(store.blob_size, promised) is None:
            raise
    return _created(store, promised)


async def status(request: web.Request) -> web.Response:
    """How far an upload is."""
    store, name = repository(request), request.match_info["upload"]
    with _known():
        size = await asyncio.to_thread(request.app[STORAGE].uploads.size, store.path, name)
    return web.Response(status=204, headers=_headers(store, name, size))


async def cancel(request: web.Request) -> web.Response:
    """Give an upload up."""
    store, name = repository(request), request.match_info["upload"]
    with _known():
        await asyncio.to_thread(request.app[STORAGE].uploads.cancel, store.path, name)
    return web.Response(status=204)


async def _mount(request: web.Request, store: StoredRepository) -> bool:
    """Whether the blob could be linked from the repository that is named; when not, it is uploaded."""
    source, wanted = request.query.get("from"), request.query.get("mount")
    if not source or not wanted:
        return False
    blobs = request.app[STORAGE].repository(source).blobs
    return await asyncio.to_thread(store.blobs.mount, digest(wanted), blobs)


async def _whole(request: web.Request, store: StoredRepository, name: str, promised: Digest) -> None:
    """Receive all of a blob; when that fails nobody knows the upload's name, so it goes."""
    try:
        async with _writing(request, store, name) as upload:
            await _receive(request, upload)
            await asyncio.to_thread(upload.finish, promised, store.blobs)
    except Error:
        with contextlib.suppress(NotFoundError):
            await asyncio.to_thread(request.app[STORAGE].uploads.cancel, store.path, name)
        raise


@contextlib.contextmanager
def _known() -> Iterator[None]:
    try:
        yield
    except NotFoundError as error:
        raise refuse(404, "BLOB_UPLOAD_UNKNOWN", error.message) from error


@contextlib.asynccontextmanager
async def _writing(request: web.Request, store: StoredRepository, name: str) -> AsyncIterator[Upload]:
    with _known():
        upload = await asyncio.to_thread(request.app[STORAGE].uploads.open, store.path, name)
    try:
        yield upload
    finally:
        await asyncio.shield(asyncio.to_thread(upload.close))


def _check_range(request: web.Request, store: StoredRepository, name: str, upload: Upload) -> None:
    """`Content-Range: start-end` must go on where the upload ends."""
    text = request.headers.get("Content-Range")
    if text is None:
        return
    match = _RANGE.fullmatch(text)
    if match is None or int(match[1]) != upload.size or int(match[2]) < int(match[1]):
        message = f"{text[:50]!r}: the upload has {upload.size} bytes"
        raise refuse(416, "BLOB_UPLOAD_INVALID", message, _headers(store, name, upload.size))
    length = request.content_length
    if length is not None and length != int(match[2]) - int(match[1]) + 1:
        raise refuse(400, "SIZE_INVALID", f"{text!r}, but Content-Length is {length}")


async def _receive(request: web.Request, upload: Upload) -> None:
    """Write and hash a block while the next one comes in."""
    loop = asyncio.get_running_loop()
    pending: asyncio.Future[None] | None = None
    try:
        async for pieces in blocks(request):
            if pending is not None:
                await pending
            pending = loop.run_in_executor(request.app[WRITERS], upload.write, pieces)
    finally:
        if pending is not None:
            await pending


def _headers(store: StoredRepository, name: str, size: int) -> dict[str, str]:
    return {
        "Location": f"/v2/{store.name}/blobs/uploads/{name}",
        "Docker-Upload-UUID": name,
        "Range": f"0-{max(0, size - 1)}",
    }


def _created(store: StoredRepository, stored: Digest) -> web.Response:
    headers = {"Location": f"/v2/{store.name}/blobs/{stored}", "Docker-Content-Digest": stored}
    return web.Response(status=201, headers=headers)
