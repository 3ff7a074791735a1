"""Pushing one blob: mount it, or one session with one monolithic PUT (distribution-spec 1.1, "Push")."""

from __future__ import annotations

import itertools
import logging
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from tidegate.distribution.client import Client, checked
from tidegate.errors import DigestMismatch, Error, NetworkError, RegistryError
from tidegate.oci.digest import Digest
from tidegate.oci.store import Source
from tidegate.transport.body import Stream
from tidegate.transport.http import Response
from tidegate.transport.retry import BUSY, NO_RETRY

log = logging.getLogger(__name__)

# A registry may move a large blob to its place before it answers the closing PUT.
_CLOSE_SECONDS = 300.0


def blob_size(client: Client, digest: Digest) -> int | None:
    """HEAD: the size in bytes of a blob that is there, or None. Raises RegistryError."""
    what = f"look for blob {digest}"
    with client.send("HEAD", client.url(f"blobs/{digest}")) as response:
        if response.status == 404:
            return None
        checked(response, {200}, what)
        length = response.headers.get("Content-Length", "")
    if not length.isdecimal():
        raise RegistryError(f"{client.url('blobs')}: can't {what}: the answer names no size", status=200)
    return int(length)


def is_there(client: Client, digest: Digest, size: int) -> bool:
    """Whether the blob is there. Raises DigestMismatch when it has another size than `size`."""
    found = blob_size(client, digest)
    if found is not None and found != size:
        raise DigestMismatch(f"{digest}: {client.base} holds it with {found} bytes, {size} were promised")
    return found is not None


def mount(client: Client, digest: Digest, repository: str) -> tuple[bool, str]:
    """Ask for a blob of another repository: whether it is here now; else the session that was opened instead."""
    query = urlencode({"mount": digest, "from": repository})
    url = client.url(f"blobs/uploads/?{query}")
    with client.send("POST", url, pull_from=repository) as response:
        checked(response, {201, 202}, f"start an upload in {client.repository}")
        return response.status == 201, client.location(response)


def upload(client: Client, digest: Digest, size: int, source: Source, session: str = "") -> None:
    """Send a blob that isn't there, in an open session when one is given.

    Looks whether it was committed after all before it sends again. Raises NetworkError, RegistryError,
    DigestMismatch when the bytes are others, and what the source raises.
    """
    for attempt in itertools.count():
        if attempt and is_there(client, digest, size):
            return
        location = session or _start(client)
        session = ""
        try:
            response = _put(client, location, digest, size, source)
        except NetworkError:
            if not client.transport.pause(attempt):
                raise
            continue
        except Error:
            _cancel(client, location)
            raise
        with response:
            retry_after = response.headers.get("Retry-After")
            if response.status not in BUSY | {404, 416} or not client.transport.pause(attempt, retry_after):
                _close(response, digest)
                return


def _start(client: Client) -> str:
    url = client.url("blobs/uploads/")
    with client.send("POST", url) as response:
        checked(response, {202}, f"start an upload in {client.repository}")
        return client.location(response)


def _put(client: Client, location: str, digest: Digest, size: int, source: Source) -> Response:
    parts = urlsplit(location)
    query = f"{parts.query}&" if parts.query else ""
    url = urlunsplit(parts._replace(query=f"{query}digest={quote(digest, safe='')}"))
    headers = {"Content-Type": "application/octet-stream"}
    return client.send("PUT", url, headers=headers, body=Stream(size, source), timeout=_CLOSE_SECONDS, retry=NO_RETRY)


def _close(response: Response, digest: Digest) -> None:
    try:
        checked(response, {201, 204}, f"push blob {digest}")
    except RegistryError as error:
        if error.code == "DIGEST_INVALID":
            raise DigestMismatch(f"{error.message}: the bytes are not the ones of this digest") from error
        raise


def _cancel(client: Client, location: str) -> None:
    try:
        client.send("DELETE", location, retry=NO_RETRY, timeout=5.0).close()
    except Error as error:
        log.debug("an upload was left open: %s", error.message)
