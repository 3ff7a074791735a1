"""Lists of tags and of repositories, in pages."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Sequence
from urllib.parse import urlencode

from aiohttp import web

from tidegate.registry.api.refusal import refuse
from tidegate.registry.api.requests import STORAGE, number, repository


async def tags(request: web.Request) -> web.Response:
    """A repository's tags."""
    store = repository(request)
    if not await asyncio.to_thread(store.exists):
        raise refuse(404, "NAME_UNKNOWN", f"there is no repository {store.name}")
    page, headers = _page(request, await asyncio.to_thread(store.tags))
    return web.json_response({"name": store.name, "tags": page}, headers=headers)


async def catalog(request: web.Request) -> web.Response:
    """The repositories that hold something."""
    names = await asyncio.to_thread(request.app[STORAGE].repositories)
    page, headers = _page(request, names)
    return web.json_response({"repositories": page}, headers=headers)


def _page(request: web.Request, names: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """What comes after `last`, `n` at most, and the link to what comes next."""
    limit, last = number(request), request.query.get("last")
    rest = names[bisect_right(names, last) :] if last is not None else names
    if limit is None or limit >= len(rest):
        return list(rest), {}
    page = list(rest[:limit])
    if not page:
        return [], {}
    query = urlencode({"n": limit, "last": page[-1]})
    return page, {"Link": f'<{request.path}?{query}>; rel="next"'}
