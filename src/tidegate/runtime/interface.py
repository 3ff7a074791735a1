"""What a way of running an image must offer, and the values that go in and out."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, Self

from tidegate.oci.image import Image
from tidegate.runtime.rootfs import Root

Network = Literal["none", "host"]
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
HOSTNAME = "model"
# Folders that are writable in a container, each a tmpfs, gone with it.
WRITABLE = ("/tmp", "/var/tmp", "/run", "/dev/shm")  # noqa: S108 - paths inside the container
# The most that each of them holds, in bytes.
WRITABLE_SIZE = 512 << 20


@dataclass(frozen=True, slots=True)
class User:
    """Numeric ids of the container's process."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class RunSpec:
    """How a container's process starts.

    `memory` is a limit in bytes. `stdin` and `stdout` name files on this machine; without them the
    input is empty and the output goes to the log, as stderr always does.
    """

    argv: tuple[str, ...]
    env: dict[str, str]
    workdir: str
    user: User
    network: Network = "none"
    port: int | None = None
    memory: int | None = None
    stdin: Path | None = None
    stdout: Path | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """Peak use in bytes of memory that the kernel can't take back (anonymous and shared).

    `method` says who counted: `cgroup`, or `polled` from the processes; `killed` that the limit ended it.
    """

    peak: int | None
    method: str
    killed: bool = False


@dataclass(frozen=True, slots=True)
class Bundle:
    """An image made ready to run: its unpacked root, and a private folder that is gone after the run."""

    image: Image
    root: Root
    scratch: Path = field(repr=False)


class Container(Protocol):
    """A started container. Leaving the context ends it and everything it started."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What this way of running could not hold, in words for the record."""

    def connect(self, port: int, timeout: float) -> socket.socket:
        """A connection to a TCP port on the container's loopback. Raises ConnectionError while nobody listens."""

    def log(self, limit: int = 16 << 10) -> str:
        """The last `limit` bytes that the process wrote."""

    def read_log(self, start: int) -> tuple[str, int]:
        """What the process wrote from a byte offset on, and the offset after it."""

    def wait(self, timeout: float) -> int | None:
        """The exit code, or None when it still runs after `timeout` seconds. Death by a signal is 128 + its number."""

    def memory(self) -> Memory: ...

    def stop(self, grace: float = 5.0) -> int:
        """SIGTERM, after `grace` seconds SIGKILL; the exit code."""

    def close(self) -> None:
        """End the container at once, and remove what it left."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Runtime(Protocol):
    """One way of running an image."""

    @property
    def name(self) -> str: ...

    def probe(self) -> str | None:
        """Why it can't be used here, found by really running something; None when it can."""

    def start(self, bundle: Bundle, spec: RunSpec) -> Container:
        """Raises OutsideError, with the engine's own words, when the process can't be started."""
