"""What the test gate needs from the world: something that starts the model, and a way to talk to it."""

from __future__ import annotations

import socket
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol


class Memory(Protocol):
    """Peak use in bytes, None when it can't be told, and whether a limit ended the model."""

    @property
    def peak(self) -> int | None: ...
    @property
    def method(self) -> str: ...
    @property
    def killed(self) -> bool: ...


class Running(Protocol):
    """A model that has been started."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be held while it ran, such as an isolated network."""

    def connect(self, port: int, timeout: float) -> socket.socket:
        """Raises ConnectionError while nobody listens."""

    def log(self, limit: int = ...) -> str:
        """The last bytes that it wrote."""

    def wait(self, timeout: float) -> int | None:
        """The exit code, or None when it still runs after `timeout` seconds."""

    def memory(self) -> Memory: ...


class Launcher(Protocol):
    """Starts the model anew each time; it ends with the context."""

    @property
    def name(self) -> str: ...

    def start(self, *, stdin: Path | None = None, stdout: Path | None = None) -> AbstractContextManager[Running]: ...
