"""A loopback port of this machine that leads into a container."""

from __future__ import annotations

import contextlib
import errno
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from tidegate.errors import OutsideError

_BLOCK = 1 << 16
# Connections at a time.
_MOST = 64


class Forwarder:
    """Listens on 127.0.0.1; `port` 0 is replaced by a free one. `connect` opens a connection inside.

    Raises OutsideError when the port is taken.
    """

    def __init__(self, port: int, connect: Callable[[], socket.socket]) -> None:
        try:
            self._listener = socket.create_server(("127.0.0.1", port))
        except OSError as error:
            taken = "is in use" if error.errno == errno.EADDRINUSE else error.strerror
            raise OutsideError(f"port {port} {taken}", hint="choose another with --port") from error
        self.port: int = self._listener.getsockname()[1]
        self._connect = connect
        # One at a time may ask the container for a connection.
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(_MOST)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._places.acquire()
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            with client:
                with self._lock:
                    inside = self._connect()
                with inside:
                    _join(client, inside)
        except OSError:
            # The model doesn't listen yet or has gone; the client sees its connection close.
            return
        finally:
            self._places.release()

    def close(self) -> None:
        # A close alone would leave the accepting thread where it is.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _join(one: socket.socket, other: socket.socket) -> None:
    """Copy both ways until both sides have ended."""
    for end in (one, other):
        end.settimeout(None)
        # Small answers in two parts would otherwise wait 40 ms for an acknowledgement.
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    back = threading.Thread(target=_copy, args=(other, one), daemon=True)
    back.start()
    _copy(one, other)
    back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_BLOCK):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
