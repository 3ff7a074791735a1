"""GET, HEAD, PUT and DELETE of manifests."""

from __future__ import annotations

import asyncio

import msgspec
from aiohttp import web

from tidegate.errors import ContentError, NotFoundError
from tidegate.oci import media_types
from tidegate.oci.digest import Digest
from tidegate.oci.manifest import MAX_MANIFEST, decode
from tidegate.oci.store import Document
from tidegate.registry.api.refusal import refuse
from tidegate.registry.api.requests import body, reference, repository, tag


async def get(request: web.Request) -> web.Response:
    """The manifest's bytes as they were put; aiohttp leaves them out for HEAD."""
    store, wanted = repository(request), reference(request)
    try:
        document = await asyncio.to_thread(store.get_manifest, wanted)
    except NotFoundError as error:
        raise refuse(404, "MANIFEST_UNKNOWN", error.message) from error
    headers = {
        "Content-Type": document.media_type,
        "Docker-Content-Digest": document.digest,
        "ETag": f'"{document.digest}"',
    }
    return web.Response(body=document.data, headers=headers)


async def put(request: web.Request) -> web.Response:
    """Store a manifest under its digest, and under the tag in the path or the `tag` parameters."""
    store, wanted = repository(request), reference(request)
    tags = [tag(each) for each in request.query.getall("tag", [])]
    data = await body(request, MAX_MANIFEST)
    if isinstance(wanted, Digest):
        arrived = Digest.of(data, wanted.algorithm)
        if arrived != wanted:
            raise refuse(400, "DIGEST_INVALID", f"the manifest's digest is {arrived}, not {wanted}")
    else:
        arrived, tags = Digest.of(data), [wanted, *tags]
    document = Document(data, _media_type(request, data), arrived)
    try:
        stored = await asyncio.to_thread(store.store, document, tags)
    except NotFoundError as error:
        raise refuse(400, "MANIFEST_BLOB_UNKNOWN", error.message) from error
    except ContentError as error:
        raise refuse(400, "MANIFEST_INVALID", error.message) from error
    response = web.Response(status=201)
    response.headers["Location"] = f"/v2/{store.name}/manifests/{wanted}"
    response.headers["Docker-Content-Digest"] = arrived
    if stored.subject is not None:
        response.headers["OCI-Subject"] = stored.subject
    for each in tags:
        response.headers.add("OCI-Tag", each)
    return response


async def delete(request: web.Request) -> web.Response:
    """Remove a manifest with its tags, or only a tag."""
    store, wanted = repository(request), reference(request)
    if isinstance(wanted, Digest):
        removed = await asyncio.to_thread(store.delete_manifest, wanted)
    else:
        removed = await asyncio.to_thread(store.delete_tag, wanted)
    if not removed:
        raise refuse(404, "MANIFEST_UNKNOWN", f"{store.name}: there is no manifest {wanted}")
    return web.Response(status=202)


def _media_type(request: web.Request, data: bytes) -> str:
    """What the client says it sends; without a word from it, what the manifest says."""
    if "Content-Type" in request.headers:
        return request.content_type
    try:
        return decode(data, _Typed, "manifest").media_type
    except ContentError as error:
        raise refuse(400, "MANIFEST_INVALID", error.message) from error


class _Typed(msgspec.Struct, rename="camel"):
    media_type: str = media_types.MANIFEST
