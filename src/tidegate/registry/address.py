"""The address that the registry listens on."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from tidegate.errors import UsageError
from tidegate.transport.http import is_loopback

DEFAULT = "127.0.0.1:5000"
# The file in a data folder that says where it is served.
ADDRESS_FILE = "address"
# Every answer has it, with the random name of the data folder.
IDENTITY_HEADER = "Tidegate-Registry"


@dataclass(frozen=True, slots=True)
class Address:
    """A host name or IP address and a port; port 0 lets the system choose."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """Parse `host:port` or `[IPv6]:port`. Raises UsageError."""
        try:
            parts = urlsplit(f"//{text}")
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if not host or port is None or parts.netloc != text or "@" in text:
            raise UsageError(f"{text!r} is not an address to listen on", hint=f"write it as {DEFAULT} or [::1]:5000")
        return cls(host, port)

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.host)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"
