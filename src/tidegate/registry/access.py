"""Who may use the registry: anyone on this machine, or the users of the data folder."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from tidegate.registry.api.refusal import refuse
from tidegate.registry.users import Users
from tidegate.transport.http import is_loopback

_CHALLENGE = {"WWW-Authenticate": 'Basic realm="tidegate", charset="UTF-8"'}


def users_only(users: Users) -> Middleware:
    """Asks every request for a user's name and password (RFC 7617)."""
    passwords = _Passwords(users)

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not await passwords.accept(request.headers.get("Authorization", "")):
            raise refuse(401, "UNAUTHORIZED", "a user's name and password are needed", _CHALLENGE)
        return await handler(request)

    return guard


@web.middleware
async def this_machine_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuses requests under another machine's name, which a web page can make a browser here send."""
    try:
        host = request.url.host or ""
    except ValueError:
        host = ""
    if not is_loopback(host):
        raise refuse(403, "DENIED", f"served for this machine only, not as {host[:100]!r}")
    return await handler(request)


class _Passwords:
    """Checks credentials; those that were right before are known by a keyed hash, without scrypt."""

    def __init__(self, users: Users) -> None:
        self._users = users
        self._key = secrets.token_bytes(32)
        self._accepted: set[bytes] = set()

    async def accept(self, header: str) -> bool:
        tried = hmac.digest(self._key, header.encode("utf-8", "surrogateescape"), hashlib.sha256)
        if any(hmac.compare_digest(tried, known) for known in self._accepted):
            return True
        try:
            given = aiohttp.BasicAuth.decode(header, encoding="utf-8")
        except ValueError:
            return False
        right = await asyncio.to_thread(self._users.check, given.login, given.password)
        if right:
            self._accepted.add(tried)
        return right
