"""HTTP to a model under test, over the connections that its container gives."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

_MAX_ANSWER = 64 << 20
_BLOCK = 1 << 18


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    body: bytes | None = None
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    seconds: float


class AskError(Exception):
    """The model gave no whole answer; the text says why."""


class Client:
    """One kept-alive connection. `timeout` is in seconds for a whole answer, `base` a path before all others."""

    def __init__(self, connect: Callable[[float], socket.socket], *, timeout: float, base: str = "") -> None:
        self._connect = connect
        self._timeout = timeout
        self._base = base.rstrip("/")
        self._connection: http.client.HTTPConnection | None = None

    def ask(self, request: Request, timeout: float | None = None) -> Answer:
        """Send a request and read its answer. Raises AskError."""
        limit = timeout or self._timeout
        start = time.monotonic()
        for fresh in (self._connection is None, True):
            connection = self._open(limit)
            try:
                self._send(connection, request)
                response = connection.getresponse()
            except (http.client.BadStatusLine, BrokenPipeError, ConnectionResetError) as error:
                self.close()
                # A kept connection may have been closed by the server meanwhile.
                if fresh:
                    raise AskError(f"the connection broke: {error}") from error
                continue
            except (http.client.HTTPException, OSError, ValueError) as error:
                self.close()
                raise AskError(_explain(error, limit)) from error
            return self._read(response, start, limit)
        raise AssertionError("the second connection is fresh")

    def _open(self, limit: float) -> http.client.HTTPConnection:
        if self._connection is None:
            connection = http.client.HTTPConnection("localhost", timeout=limit)
            try:
                connection.sock = self._connect(limit)
                # Head and body go out as two packets; without this the second waits for the first one's answer.
                connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as error:
                raise AskError(f"nobody listens: {error}") from error
            self._connection = connection
        self._connection.sock.settimeout(limit)
        return self._connection

    def _send(self, connection: http.client.HTTPConnection, request: Request) -> None:
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        if request.body is not None:
            headers["Content-Type"] = request.content_type
        connection.request(request.method, self._base + request.path, body=request.body, headers=headers)

    def _read(self, response: http.client.HTTPResponse, start: float, limit: float) -> Answer:
        parts, size = [], 0
        try:
            while part := response.read1(_BLOCK):
                parts.append(part)
                size += len(part)
                if size > _MAX_ANSWER:
                    raise AskError(f"the answer has more than the {_MAX_ANSWER} bytes that are accepted")
                if time.monotonic() - start > limit:
                    raise AskError(f"no whole answer within {limit:g} s")
        except (http.client.HTTPException, OSError, ValueError) as error:
            self.close()
            raise AskError(_explain(error, limit)) from error
        except AskError:
            self.close()
            raise
        # Without this, the connection would wait for the rest of a body that has been read.
        response.close()
        if response.will_close:
            self.close()
        return Answer(response.status, b"".join(parts), time.monotonic() - start)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _explain(error: Exception, limit: float) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {limit:g} s"
    return f"not an HTTP answer: {type(error).__name__} {error}".rstrip()
