"""A server that already runs, tested as if it had been started here."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tidegate.errors import UsageError

_CONNECT_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class Unknown:
    """The memory of a process that can't be looked at."""

    peak: int | None = None
    method: str = "not measured, as the server was not started here"
    killed: bool = False


@dataclass(frozen=True, slots=True)
class RunningServer:
    """Both a launcher and what it launches, by a URL. It is never stopped."""

    host: str
    port: int
    tls: bool
    base: str
    name: str = "url"
    notes: tuple[str, ...] = ("the server was not started here: what it runs is not known to be the image",)

    @classmethod
    def parse(cls, url: str) -> RunningServer:
        """Raises UsageError for anything but an http or https URL."""
        try:
            parts = urlsplit(url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError as error:
            raise UsageError(f"{url!r}: {error}") from error
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
            raise UsageError(f"{url!r} is not the address of a server", hint="write it as http://127.0.0.1:8080")
        return cls(parts.hostname, port, parts.scheme == "https", parts.path.rstrip("/"))

    @contextmanager
    def start(self, *, stdin: Path | None = None, stdout: Path | None = None) -> Iterator[RunningServer]:
        yield self

    def connect(self, port: int, timeout: float) -> socket.socket:
        """To the URL's own port. Raises ConnectionError."""
        try:
            connection = socket.create_connection((self.host, self.port), min(timeout, _CONNECT_TIMEOUT))
            if self.tls:
                connection = ssl.create_default_context().wrap_socket(connection, server_hostname=self.host)
        except OSError as error:
            raise ConnectionError(f"{self.host}:{self.port}: {error}") from error
        connection.settimeout(timeout)
        return connection

    def log(self, limit: int = 0) -> str:
        return ""

    def wait(self, timeout: float) -> int | None:
        """It never ends; the wait is over at once."""
        return None

    def memory(self) -> Unknown:
        return Unknown()
