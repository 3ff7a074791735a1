"""Starting a registry for the time of a push, and finding one that runs."""

from __future__ import annotations

import select
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

from tidegate.errors import NetworkError, OutsideError, UsageError
from tidegate.registry.address import ADDRESS_FILE, IDENTITY_HEADER, Address
from tidegate.registry.storage.store import read_marker
from tidegate.transport.http import Transport
from tidegate.transport.retry import NO_RETRY

# Seconds for the child to get ready, and to end.
_READY, _END = 30.0, 15.0
_MAX_LOG = 4000


@dataclass(slots=True)
class Launched(AbstractContextManager["Launched"]):
    """A registry that runs as a child process, until it is stopped or the block ends."""

    address: str
    _process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """End it and wait for that. Does nothing the second time."""
        _end(self._process)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start(data: Path, address: str, environ: Mapping[str, str]) -> Launched:
    """Serve a data folder on a loopback address; ready when this returns.

    Raises OutsideError with what the registry said when it doesn't start.
    """
    command = [sys.executable, "-m", "tidegate", "registry", "serve", "--address", address, "--data", str(data)]
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [*command, "--with-parent"],
            env=dict(environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
        try:
            if not _says_ready(process):
                raise OutsideError(f"the registry on {address} did not start: {_last_words(log)}")
            return Launched(_served_at(data) or address, process)
        except BaseException:
            _end(process)
            raise


def running(address: str, environ: Mapping[str, str]) -> bool:
    """Whether a Tidegate registry answers on an address (`host:port`)."""
    return _identity(address, environ) is not None


def find(data: Path, environ: Mapping[str, str]) -> str | None:
    """The address on which this data folder is being served now, or None."""
    address, marker = _served_at(data), read_marker(data)
    if address is None or marker is None:
        return None
    return address if _identity(address, environ) == marker.id else None


def _identity(address: str, environ: Mapping[str, str]) -> str | None:
    try:
        with Transport(environ).request("GET", f"http://{address}/v2/", timeout=5.0, retry=NO_RETRY) as response:
            return response.headers.get(IDENTITY_HEADER)
    except NetworkError:
        return None


def _served_at(data: Path) -> str | None:
    try:
        return str(Address.parse((data / ADDRESS_FILE).read_text("ascii")))
    except (OSError, UnicodeDecodeError, UsageError):
        return None


def _says_ready(process: subprocess.Popen[bytes]) -> bool:
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    ready, _, _ = select.select([process.stdout], [], [], _READY)
    return bool(ready and process.stdout.readline())


def _last_words(log: IO[str]) -> str:
    log.seek(0)
    return log.read(_MAX_LOG).strip().removeprefix("error: ") or "it said nothing"


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
