"""One HTTP client for everything: streaming both ways, retries with backoff, limits, proxies, no leaks."""

from __future__ import annotations

import ipaddress
import itertools
import logging
import os
import re
import ssl
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, cast
from urllib.parse import urljoin, urlsplit

import urllib3
from urllib3.exceptions import HTTPError, LocationParseError

from tidegate import __version__
from tidegate.errors import ConfigError, ContentError, NetworkError, NotFoundError, StorageError
from tidegate.oci.digest import BLOCK, Digest, Verifier
from tidegate.oci.ranges import FileRange
from tidegate.transport.body import ResumingReader, Stream, blocks
from tidegate.transport.connection import SendfilePool
from tidegate.transport.redaction import redact
from tidegate.transport.retry import BUSY, DEFAULT_RETRY, NO_RETRY, RetryPolicy

__all__ = [
    "NO_RETRY",
    "Response",
    "RetryPolicy",
    "Stream",
    "Transport",
    "closing_on_error",
    "is_loopback",
    "join",
    "origin",
]

log = logging.getLogger(__name__)

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS = 5
_CONNECTION = re.compile(r"^<?\w*Connection(?:Pool)?\([^)]*\)>?: ")
# A rest this short, in bytes, is read to keep the connection.
_SHORT = 64 << 10


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

    def skip_to(self, offset: int) -> None:
        """Make a 206 or 200 answer to a Range request go on at `offset`, reading over what comes before.

        Raises NetworkError when it starts elsewhere or ends before.
        """
        if self.status == 206:
            start = self.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
            if start != str(offset):
                raise NetworkError(f"{redact(self.url)}: answered with another range than the one asked for")
            return
        while offset:
            data = self._chunk(min(offset, BLOCK))
            if not data:
                raise NetworkError(f"{redact(self.url)}: the content became shorter")
            offset -= len(data)

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
        if origin(url) != origin(self.url):
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
        retry: RetryPolicy = DEFAULT_RETRY,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
        insecure: bool = False,
    ) -> None:
        self._environ = environ
        self._retry = retry
        self._sleep = sleep
        self._clock = clock
        self._insecure = insecure
        self._pools: dict[tuple[str | None, bool], urllib3.PoolManager] = {}

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
        for attempt in itertools.count():
            try:
                response = self._follow(call, redirect)
            except NetworkError:
                if not self.pause(attempt, policy=policy):
                    raise
            else:
                if response.status not in BUSY:
                    return response
                if not self.pause(attempt, response.headers.get("Retry-After"), policy=policy):
                    return response
                response.close()
            log.debug("%s %s: again", method, redact(url))
        raise AssertionError("a policy has an end")

    def pause(self, attempt: int, retry_after: str | None = None, *, policy: RetryPolicy | None = None) -> bool:
        """Wait before try `attempt + 1`, counted from 0; False, at once, when there were enough."""
        policy = policy or self._retry
        if attempt + 1 >= policy.attempts:
            return False
        self._sleep(policy.wait(attempt, retry_after, self._clock()))
        return True

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
        """A file, verified on its way; `target` appears only when it is whole. Goes on where a connection broke.

        Raises NotFoundError, NetworkError, DigestMismatch, StorageError.
        """
        verifier = Verifier(digest, size)
        partial = target.with_name(f".{target.name}.{os.getpid()}.part")
        buffer = memoryview(bytearray(BLOCK))

        def reopen(offset: int) -> Response:
            return self._get_from(url, offset, headers or {}, plain)

        try:
            with closing(ResumingReader(reopen, self.pause)) as stream:
                target.parent.mkdir(parents=True, exist_ok=True)
                with partial.open("wb") as file:
                    while count := stream.readinto(buffer):
                        verifier.update(buffer[:count])
                        file.write(buffer[:count])
            verifier.finish()
            partial.replace(target)
        except OSError as error:
            raise StorageError(
                f"{target}: {error.strerror}", hint="free some space or check the folder's rights"
            ) from error
        finally:
            with suppress(OSError):
                partial.unlink(missing_ok=True)

    def _get_from(self, url: str, offset: int, headers: Mapping[str, str], plain: bool) -> Response:
        ranged = {"Range": f"bytes={offset}-"} if offset else {}
        response = self.request("GET", url, headers={**headers, **ranged}, plain=plain)
        with closing_on_error(response):
            _expect_ok(response)
            response.skip_to(offset)
        return response

    def _follow(self, call: _Call, redirect: bool) -> Response:
        for _ in range(_MAX_REDIRECTS + 1):
            response = self._send(call)
            if not redirect or response.status not in _REDIRECTS or "Location" not in response.headers:
                return response
            response.close()
            call = call.moved(join(call.url, response.headers["Location"]), response.status)
        raise NetworkError(f"{redact(call.url)}: more than {_MAX_REDIRECTS} redirects")

    def _send(self, call: _Call) -> Response:
        self._check_plain(call.url, call.plain)
        headers = {"User-Agent": f"tidegate/{__version__}", "Accept-Encoding": "identity", **call.headers}
        stream = call.body.open(0) if isinstance(call.body, Stream) else None
        body: bytes | Iterator[memoryview | FileRange] | None
        if isinstance(call.body, Stream) and stream is not None:
            headers["Content-Length"] = str(call.body.size)
            body = blocks(stream, call.body.size, ranges=urlsplit(call.url).scheme == "http")
        else:
            body = cast("bytes | None", call.body)
        try:
            raw = self._pool(call.url).request(
                call.method,
                call.url,
                headers=headers,
                body=body,  # type: ignore[arg-type] # urllib3 sends any iterable of buffers as it comes
                preload_content=False,
                decode_content=False,
                redirect=False,
                retries=False,
                timeout=_timeout(call),
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
        scheme, host, _ = origin(url)
        if scheme == "https" or (scheme == "http" and (allowed or self._insecure or is_loopback(host or ""))):
            return
        if scheme == "http":
            raise NetworkError(f"{redact(url)}: plain HTTP is refused", hint="use https, or allow it with --insecure")
        raise NetworkError(f"{redact(url)}: not an http or https address")

    def _pool(self, url: str) -> urllib3.PoolManager:
        proxy = _proxy(url, self._environ)
        encrypted = "https" in {urlsplit(url).scheme, urlsplit(proxy or "").scheme}
        if (proxy, encrypted) not in self._pools:
            options: dict[str, Any] = {"maxsize": 16, "blocksize": BLOCK}
            if encrypted:
                options["ssl_context"] = _ssl_context(self._environ)
            pool = urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)
            pool.pool_classes_by_scheme = {**pool.pool_classes_by_scheme, "http": SendfilePool}
            self._pools[proxy, encrypted] = pool
        return self._pools[proxy, encrypted]


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
    if response.status not in {200, 206}:
        raise NetworkError(f"{redact(response.url)}: answered {response.status}")


def origin(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port: what credentials are bound to."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise NetworkError(f"{redact(url)[:200]!r}: not an address: {error}") from error
    return parts.scheme, parts.hostname, port


def join(url: str, location: str) -> str:
    """The absolute address of a Location or Link that came from `url`. Raises NetworkError."""
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise NetworkError(f"{redact(url)}: leads to what is no address: {error}") from error


@contextmanager
def closing_on_error(response: Response) -> Iterator[None]:
    """Close an answer that is given up when the block raises."""
    try:
        yield
    except BaseException:
        response.close()
        raise


def _timeout(call: _Call) -> urllib3.Timeout:
    # While a body is sent, urllib3 holds each block against the connect timeout.
    connect = call.timeout if isinstance(call.body, Stream) else min(call.timeout, 20.0)
    return urllib3.Timeout(connect=connect, read=call.timeout)


def _reason(error: Exception) -> str:
    cause = getattr(error, "reason", None) or error
    # urllib3 puts the connection's own description first.
    return redact(_CONNECTION.sub("", str(cause)))


def _proxy(url: str, environ: Mapping[str, str]) -> str | None:
    """The proxy for a URL, by http_proxy, https_proxy, all_proxy and no_proxy in either case."""
    parts = urlsplit(url)
    if is_loopback(parts.hostname or ""):
        return None

    def setting(name: str) -> str:
        return environ.get(name, "") or environ.get(name.upper(), "")

    no_proxy = setting("no_proxy")
    if urllib.request.proxy_bypass_environment(parts.netloc, {"no": no_proxy}):  # type: ignore[attr-defined]
        return None
    names = (f"{parts.scheme}_proxy", "all_proxy")
    return next((_checked_proxy(name, setting(name)) for name in names if setting(name)), None)


def _checked_proxy(name: str, value: str) -> str:
    try:
        parts = urlsplit(value)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ConfigError(
            f"the environment variable {name} is not the address of a proxy", hint="write it as http://HOST:PORT"
        )
    return value


def _ssl_context(environ: Mapping[str, str]) -> ssl.SSLContext:
    bundle = environ.get("TIDEGATE_CA_FILE") or environ.get("REQUESTS_CA_BUNDLE") or environ.get("SSL_CERT_FILE")
    try:
        return ssl.create_default_context(cafile=bundle or None)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"{bundle}: not a readable file of certificates: {error}",
            hint="TIDEGATE_CA_FILE, REQUESTS_CA_BUNDLE and SSL_CERT_FILE are asked in this order",
        ) from error
