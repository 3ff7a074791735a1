"""The routes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

from aiohttp import web
from aiohttp.typedefs import Middleware

from tidegate.registry.address import IDENTITY_HEADER
from tidegate.registry.api import blobs, manifests, referrers, refusal, tags, uploads
from tidegate.registry.api.requests import STORAGE
from tidegate.registry.storage.store import Storage


def make_app(storage: Storage, *guards: Middleware) -> web.Application:
    """The API over a data folder. `guards` may refuse a request before any handler sees it."""
    app = web.Application(middlewares=[refusal.translate, *guards])
    app[STORAGE] = storage
    app[uploads.WRITERS] = ThreadPoolExecutor(max_workers=8, thread_name_prefix="upload")
    app.cleanup_ctx.append(_writers)
    app.on_response_prepare.append(_sign)
    app.add_routes(
        [
            web.get("/v2/", ping),
            web.get("/v2/_catalog", tags.catalog),
            web.get("/v2/{name:.+}/tags/list", tags.tags),
            web.get("/v2/{name:.+}/referrers/{digest}", referrers.get),
            web.get("/v2/{name:.+}/manifests/{reference}", manifests.get),
            web.put("/v2/{name:.+}/manifests/{reference}", manifests.put),
            web.delete("/v2/{name:.+}/manifests/{reference}", manifests.delete),
            web.post("/v2/{name:.+}/blobs/uploads/", uploads.start),
            web.get("/v2/{name:.+}/blobs/uploads/{upload}", uploads.status),
            web.patch("/v2/{name:.+}/blobs/uploads/{upload}", uploads.append),
            web.put("/v2/{name:.+}/blobs/uploads/{upload}", uploads.finish),
            web.delete("/v2/{name:.+}/blobs/uploads/{upload}", uploads.cancel),
            web.get("/v2/{name:.+}/blobs/{digest}", blobs.get),
            web.delete("/v2/{name:.+}/blobs/{digest}", blobs.delete),
        ]
    )
    return app


async def ping(_: web.Request) -> web.Response:
    """`/v2/`: this speaks the distribution API."""
    return web.json_response({})


async def _sign(request: web.Request, response: web.StreamResponse) -> None:
    response.headers["Server"] = "tidegate"
    response.headers["Docker-Distribution-API-Version"] = "registry/2.0"
    response.headers[IDENTITY_HEADER] = request.app[STORAGE].id


async def _writers(app: web.Application) -> AsyncIterator[None]:
    yield
    app[uploads.WRITERS].shutdown()
