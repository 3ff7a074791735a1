"""The referrers of a manifest (distribution-spec 1.1, "Listing Referrers")."""

from __future__ import annotations

import asyncio

from aiohttp import web

from tidegate.oci import media_types
from tidegate.oci.manifest import Index, encode
from tidegate.registry.api.requests import digest, repository


async def get(request: web.Request) -> web.Response:
    """An index of descriptors, empty when there is nothing."""
    store, subject = repository(request), digest(request.match_info["digest"])
    wanted = request.query.get("artifactType") or None
    found = await asyncio.to_thread(store.referrers, subject, wanted)
    index = Index(schema_version=2, media_type=media_types.INDEX, manifests=tuple(found))
    headers = {"Content-Type": media_types.INDEX}
    if wanted is not None:
        headers["OCI-Filters-Applied"] = "artifactType"
    return web.Response(body=encode(index), headers=headers)
