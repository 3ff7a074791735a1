"""Lists that come in pages: Link with rel="next" (RFC 8288, as distribution-spec 1.1 uses it)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.distribution.client import Client, checked
from tidegate.errors import ContentError
from tidegate.transport.http import Response, join, origin
from tidegate.transport.redaction import redact

_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_NEXT = re.compile(r";\s*rel\s*=\s*(?:\"[^\"]*\bnext\b[^\"]*\"|next\b)", re.IGNORECASE)
_MAX_PAGES = 10_000


def next_page(header: str, url: str) -> str | None:
    """The absolute address of the page after `url`, or None at the last."""
    for target, parameters in _LINK.findall(header):
        if _NEXT.search(parameters):
            return join(url, str(target))
    return None


def pages(client: Client, first: Response, limit: int) -> Iterator[tuple[str, bytes]]:
    """Address and body, of at most `limit` bytes, of an answer and of all that follow it.

    Raises ContentError when they don't end, or lead to another host; RegistryError.
    """
    response, seen = first, {first.url}
    while True:
        with response:
            yield response.url, response.read(limit)
            following = next_page(response.headers.get("Link", ""), response.url)
        if following is None:
            return
        if following in seen or len(seen) >= _MAX_PAGES or origin(following) != origin(first.url):
            raise ContentError(f"{redact(first.url)}: its pages lead in a circle or to another host")
        seen.add(following)
        response = checked(client.send("GET", following), {200}, "list further pages")
