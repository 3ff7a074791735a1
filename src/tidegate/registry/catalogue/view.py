"""Answers `GET /` with the catalogue."""

from __future__ import annotations

import asyncio

from aiohttp import web

from tidegate.registry.api.requests import STORAGE
from tidegate.registry.catalogue.listing import rows
from tidegate.registry.catalogue.page import HEADERS, render
from tidegate.registry.storage.store import Storage


async def show(request: web.Request) -> web.Response:
    """The page."""
    text = await asyncio.to_thread(_page, request.app[STORAGE])
    return web.Response(text=text, content_type="text/html", headers=HEADERS)


def _page(storage: Storage) -> str:
    return render(rows(storage))
