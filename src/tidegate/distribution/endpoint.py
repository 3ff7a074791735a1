"""Where a registry's name leads: scheme and host."""

from __future__ import annotations

from urllib.parse import urlsplit

from tidegate.errors import NetworkError
from tidegate.oci.reference import DOCKER_HUB
from tidegate.transport.http import Transport, is_loopback
from tidegate.transport.retry import NO_RETRY

_HUB_HOST = "registry-1.docker.io"
_PROBE_SECONDS = 5.0


def find_origin(registry: str, transport: Transport, *, insecure: bool = False, tls: bool = False) -> str:
    """The base address of a registry, such as `https://ghcr.io`.

    On a loopback address it is plain HTTP unless `tls` asks otherwise. With `insecure` any other one
    is asked by HTTPS first, and by HTTP when nobody speaks TLS there.
    """
    if registry == DOCKER_HUB:
        return f"https://{_HUB_HOST}"
    secure, plain = f"https://{registry}", f"http://{registry}"
    if tls:
        return secure
    if is_loopback(urlsplit(plain).hostname or ""):
        return plain
    return plain if insecure and not _speaks_tls(secure, transport) else secure


def _speaks_tls(origin: str, transport: Transport) -> bool:
    try:
        transport.request("GET", f"{origin}/v2/", timeout=_PROBE_SECONDS, retry=NO_RETRY, redirect=False).close()
    except NetworkError:
        return False
    return True
