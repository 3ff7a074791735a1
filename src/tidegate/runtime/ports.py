"""The machine's own ports, where a container shares them."""

from __future__ import annotations

import socket

from tidegate.errors import OutsideError

_TIMEOUT = 2.0


def connect(port: int, timeout: float, address: str = "127.0.0.1") -> socket.socket:
    """A connection to a port of this machine, or of a container's address on it. Raises ConnectionError."""
    try:
        connection = socket.create_connection((address, port), timeout=_TIMEOUT)
    except OSError as error:
        raise ConnectionError(str(error)) from error
    connection.settimeout(timeout)
    return connection


def require_free(port: int) -> None:
    """Raises OutsideError when something else already answers on a port that the container would share."""
    try:
        connect(port, _TIMEOUT).close()
    except ConnectionError:
        return
    raise OutsideError(
        f"port {port} of this machine is in use, and the container would share it",
        hint="stop what listens there, or test with `network: none`",
    )
