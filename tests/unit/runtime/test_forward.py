from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from tidegate.errors import OutsideError
from tidegate.runtime.forward import Forwarder


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that answers each connection with what it was sent, in capitals."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, connection.makefile("rb") as stream:
                    connection.sendall(stream.read().upper())

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def ask(port: int, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 10) as connection, connection.makefile("rb") as stream:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        return stream.read()


def test_bytes_go_both_ways_and_ends_are_passed_on(echo: int) -> None:
    """Also many of them, on one connection after another."""
    with Forwarder(0, lambda: socket.create_connection(("127.0.0.1", echo), 10)) as forwarder:
        assert ask(forwarder.port, b"ready?") == b"READY?"
        assert ask(forwarder.port, b"x" * 1_000_000) == b"X" * 1_000_000


def test_a_model_that_does_not_listen_closes_the_connection() -> None:
    """The client sees an end; the forwarder goes on."""

    def refuse() -> socket.socket:
        raise ConnectionRefusedError

    with Forwarder(0, refuse) as forwarder:
        assert ask(forwarder.port, b"") == b""
        assert ask(forwarder.port, b"") == b""


def test_a_port_in_use_is_said(echo: int) -> None:
    """With the port's number and the way out."""
    with pytest.raises(OutsideError, match=f"port {echo} is in use") as caught:
        Forwarder(echo, socket.socket)
    assert "--port" in caught.value.hint


def test_nobody_listens_after_the_end(echo: int) -> None:
    """The port is free again."""
    with Forwarder(0, socket.socket) as forwarder:
        port = forwarder.port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 1).close()
