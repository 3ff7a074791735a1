"""One HTTP client for everything: streaming both ways, retries with backoff, limits, proxies, no leaks."""

from __future__ import annotations

import email.utils
import ipaddress
import logging
import os
import random
import ssl
import time
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import IO, cast
from urllib.parse import urljoin, urlsplit

import urllib3
from urllib3.exceptions import HTTPError, LocationParseError

from tidegate import __version__
from tidegate.errors import ContentError, NetworkError, NotFoundError, StorageError
from tidegate.oci.digest import BLOCK, Digest, Verifier
from tidegate.oci.store import Source
from tidegate.transport.redaction import redact

log = logging.getLogger(__name__)

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_BUSY = frozenset({429, 500, 502, 503, 504})
_MAX_REDIRECTS = 5
# A rest this short, in bytes, is read to keep the connection.
_SHORT = 64 << 10


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a request is tried, and the longest wait in seconds between two tries."""

    attempts: int = 5
    first_wait: float = 0.5
    longest_wait: float = 30.0

    def wait(self, attempt: int, retry_after: str | None, now: float) -> float:
        """Seconds before try `attempt + 1`: what Retry-After asks for (RFC 9110, 10.2.3), else full jitter."""
        asked = _retry_after(retry_after, now)
        if asked is not None:
            return min(asked, self.longest_wait)
        return random.uniform(0.5, 1.0) * min(self.first_wait * 2.0**attempt, self.longest_wait)  # noqa: S311 - no secret


NO_RETRY = RetryPolicy(attempts=1)


@dataclass(frozen=True, slots=True)
class Stream:
    """A request body of known size that can be opened again for each try."""

    size: int
    open: Source


@dataclass(slots=True)
class Response(AbstractContextManager["Response"]):
    """An answer whose body has not been read. Use as a context manager."""

    url: str
    status: int
    headers: Mapping[str, str]
    _raw: urllib3.BaseHTTPResponse = field(repr=False)

    def read(self, limit: int) -> bytes:
        """The whole body. Raises ContentError when it has more than `limit` bytes."""
        data = self._chunk(limit + 1)
        if len(data) > limit:
            raise ContentError(f"{redact(self.url)}: the answer has more than the {limit} bytes that are accepted")
        return data

    def readinto(self, buffer: memoryview) -> int:
        """The next bytes into the buffer; 0 at the end. Raises NetworkError."""
        data = self._chunk(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _chunk(self, size: int) -> bytes:
        try:
            return self._raw.read(size, decode_content=False)
        except (HTTPError, OSError) as error:
            raise NetworkError(f"{redact(self.url)}: the answer broke off: {error}") from error

    def close(self) -> None:
        self._raw.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A body that was read to its end gives its connection back; so does a short one.
        if kind is None and (self._raw.length_remaining or 0) <= _SHORT:
            self._raw.drain_conn()
        self._raw.close()


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    url: str
    headers: dict[str, str]
    body: bytes | Stream | None
    timeout: float
    plain: bool

    def moved(self, url: str, status: int) -> _Call:
        """The request that a redirect asks for (RFC 9110, 15.4)."""
        headers = self.headers
        if _origin(url) != _origin(self.url):
            headers = {k: v for k, v in headers.items() if k.lower() not in {"authorization", "cookie"}}
        method, body = ("GET", None) if status == 303 else (self.method, self.body)
        return replace(self, method=method, url=url, headers=headers, body=body)


class Transport:
    """A pool of connections. Safe to use from several threads.

    `environ` gives proxies and certificate files, `sleep` and `clock` the time between retries.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        retry: RetryPolicy = RetryPolicy(),
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
        insecure: bool = False,
    ) -> None:
        self._environ = environ
        self._retry = retry
        self._sleep = sleep
        self._clock = clock
        self._insecure = insecure
        self._pools: dict[str | None, urllib3.PoolManager] = {}

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | Stream | None = None,
        timeout: float = 60.0,
        retry: RetryPolicy | None = None,
        plain: bool = False,
        redirect: bool = True,
    ) -> Response:
        """Send a request, following redirects, without Authorization once the host changes.

        Tries again after a broken connection and on 429 and 5xx; the last such answer is returned.
        `timeout` is in seconds of silence. `plain` allows http:// for content that is verified by hash.
        Raises NetworkError.
        """
        policy = retry or self._retry
        call = _Call(method, url, dict(headers or {}), body, timeout, plain)
        for attempt in range(policy.attempts):
            last = attempt + 1 == policy.attempts
            try:
                response = self._follow(call, redirect)
            except NetworkError:
                if last:
                    raise
                wait = policy.wait(attempt, None, self._clock())
            else:
                if response.status not in _BUSY or last:
                    return response
                wait = policy.wait(attempt, response.headers.get("Retry-After"), self._clock())
                response.close()
            log.debug("%s %s: again in %.1f s", method, redact(url), wait)
            self._sleep(wait)
        raise AssertionError("a policy has at least one attempt")

    def get(self, url: str, *, limit: int, headers: Mapping[str, str] | None = None, plain: bool = False) -> bytes:
        """A whole small document. Raises NotFoundError on 404 and 410, NetworkError on any other refusal."""
        with self.request("GET", url, headers=headers, plain=plain) as response:
            _expect_ok(response)
            return response.read(limit)

    def download(
        self,
        url: str,
        target: Path,
        digest: Digest,
        size: int | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        plain: bool = False,
    ) -> None:
        """A file, verified on its way; `target` appears only when it is whole.

        Raises NotFoundError, NetworkError, DigestMismatch, StorageError.
        """
        verifier = Verifier(digest, size)
        partial = target.with_name(f".{target.name}.{os.getpid()}.part")
        buffer = memoryview(bytearray(BLOCK))
        try:
            with self.request("GET", url, headers=headers, plain=plain) as response:
                _expect_ok(response)
                target.parent.mkdir(parents=True, exist_ok=True)
                with partial.open("wb") as file:
                    while count := response.readinto(buffer):
                        verifier.update(buffer[:count])
                        file.write(buffer[:count])
            verifier.finish()
            partial.replace(target)
        except OSError as error:
            raise StorageError(
                f"{target}: {error.strerror}", hint="free some space or check the folder's rights"
            ) from error
        finally:
            partial.unlink(missing_ok=True)

    def _follow(self, call: _Call, redirect: bool) -> Response:
        for _ in range(_MAX_REDIRECTS + 1):
            response = self._send(call)
            if not redirect or response.status not in _REDIRECTS or "Location" not in response.headers:
                return response
            response.close()
            call = call.moved(urljoin(call.url, response.headers["Location"]), response.status)
        raise NetworkError(f"{redact(call.url)}: more than {_MAX_REDIRECTS} redirects")

    def _send(self, call: _Call) -> Response:
        self._check_plain(call.url, call.plain)
        headers = {"User-Agent": f"tidegate/{__version__}", "Accept-Encoding": "identity", **call.headers}
        stream = None
        if isinstance(call.body, Stream):
            headers["Content-Length"] = str(call.body.size)
            stream = cast("IO[bytes]", call.body.open(0))
        try:
            raw = self._pool(call.url).request(
                call.method,
                call.url,
                headers=headers,
                body=stream or cast("bytes | None", call.body),
                preload_content=False,
                decode_content=False,
                redirect=False,
                retries=False,
                timeout=urllib3.Timeout(connect=min(call.timeout, 20.0), read=call.timeout),
            )
        except (HTTPError, LocationParseError, OSError, UnicodeError) as error:
            raise NetworkError(
                f"{redact(call.url)}: {_reason(error)}", hint="check the address, the proxy and the network"
            ) from error
        finally:
            if stream is not None:
                stream.close()
        return Response(call.url, raw.status, raw.headers, raw)

    def _check_plain(self, url: str, allowed: bool) -> None:
        parts = urlsplit(url)
        if parts.scheme == "https" or (
            parts.scheme == "http" and (allowed or self._insecure or is_loopback(parts.hostname or ""))
        ):
            return
        if parts.scheme == "http":
            raise NetworkError(f"{redact(url)}: plain HTTP is refused", hint="use https, or allow it with --insecure")
        raise NetworkError(f"{redact(url)}: not an http or https address")

    def _pool(self, url: str) -> urllib3.PoolManager:
        proxy = _proxy(url, self._environ)
        if proxy not in self._pools:
            options = {"maxsize": 16, "blocksize": BLOCK, "ssl_context": _ssl_context(self._environ)}
            self._pools[proxy] = (
                urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)  # type: ignore[arg-type]
            )
        return self._pools[proxy]


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _expect_ok(response: Response) -> None:
    if response.status in {404, 410}:
        raise NotFoundError(f"{redact(response.url)}: not there ({response.status})")
    if response.status != 200:
        raise NetworkError(f"{redact(response.url)}: answered {response.status}")


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def _retry_after(value: str | None, now: float) -> float | None:
    if value is None:
        return None
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - now)
    except ValueError:
        return None


def _reason(error: Exception) -> str:
    cause = getattr(error, "reason", None) or error
    return redact(str(cause))


def _proxy(url: str, environ: Mapping[str, str]) -> str | None:
    """The proxy for a URL, by http_proxy, https_proxy, all_proxy and no_proxy in either case."""
    parts = urlsplit(url)
    if is_loopback(parts.hostname or ""):
        return None

    def setting(name: str) -> str:
        return environ.get(name, "") or environ.get(name.upper(), "")

    no_proxy = setting("no_proxy")
    bypassed = urllib.request.proxy_bypass_environment(parts.netloc, {"no": no_proxy})  # type: ignore[attr-defined]
    return None if bypassed else (setting(f"{parts.scheme}_proxy") or setting("all_proxy") or None)


def _ssl_context(environ: Mapping[str, str]) -> ssl.SSLContext:
    bundle = environ.get("TIDEGATE_CA_FILE") or environ.get("REQUESTS_CA_BUNDLE") or environ.get("SSL_CERT_FILE")
    try:
        return ssl.create_default_context(cafile=bundle or None)
    except (OSError, ssl.SSLError) as error:
        raise NetworkError(
            f"{bundle}: not a readable file of certificates: {error}",
            hint="TIDEGATE_CA_FILE, REQUESTS_CA_BUNDLE and SSL_CERT_FILE are asked in this order",
        ) from error
