"""Real servers for tests: each on a free loopback port, with a folder of its own, ended by its test."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tidegate.auth.credential import Credential
from tidegate.distribution.connect import open_repository
from tidegate.distribution.remote import RemoteRepository
from tidegate.oci.reference import Reference
from tidegate.transport.http import Transport
from tidegate.transport.retry import RetryPolicy

_CONFIG = """\
version: 0.1
log: {{level: error}}
storage:
  filesystem: {{rootdirectory: {data}}}
  delete: {{enabled: true}}
http: {{addr: "{address}"}}
{auth}
"""
_HTPASSWD = "auth: {{htpasswd: {{realm: test, path: {path}}}}}"
_START_SECONDS = 15.0


@dataclass(frozen=True)
class Server:
    """A running registry: `address` is host:port."""

    address: str
    process: subprocess.Popen[bytes]


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def docker_registry(folder: Path, *, htpasswd: str = "") -> Iterator[Server]:
    """Debian's docker-registry over an empty folder; with `htpasswd`, a file's lines, it wants a login."""
    program = shutil.which("docker-registry")
    assert program is not None, "docker-registry is not on PATH: mark the test with needs"
    folder.mkdir(parents=True, exist_ok=True)
    address = f"127.0.0.1:{free_port()}"
    auth = ""
    if htpasswd:
        (folder / "htpasswd").write_text(htpasswd)
        auth = _HTPASSWD.format(path=folder / "htpasswd")
    config = folder / "config.yml"
    config.write_text(_CONFIG.format(data=folder / "data", address=address, auth=auth))
    with running([program, "serve", str(config)], address, folder) as process:
        yield Server(address, process)


@contextlib.contextmanager
def running(command: list[str], address: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server process that accepts connections on host:port; killed at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "server.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            wait_for(address, process, folder / "server.log")
            yield process
        finally:
            process.kill()


def wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Poll until the port accepts a connection. Fails when the process ends, or after 15 s."""
    host, _, port = address.rpartition(":")
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, f"the server ended: {log.read_text(errors='replace')[-2000:]}"
        with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
            return
        time.sleep(0.02)
    raise AssertionError(f"nothing listens on {address} after {_START_SECONDS:.0f} s")


_EMBEDDED = """
import sys
from pathlib import Path

from tidegate.auth.credential import Credential
from tidegate.distribution.connect import open_repository
from tidegate.distribution.remote import RemoteRepository
from tidegate.oci.reference import Reference
from tidegate.transport.http import Transport
from tidegate.transport.retry import RetryPolicy
from tidegate.registry.address import Address
from tidegate.registry.serve import Settings, serve
settings = Settings(Address.parse(sys.argv[1]), Path(sys.argv[2]))
serve(settings, print, print)
"""


@contextlib.contextmanager
def embedded_registry(folder: Path) -> Iterator[Server]:
    """Tidegate's own registry, as a process of its own over an empty folder."""
    address = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-c", _EMBEDDED, address, str(folder / "data")]
    with running(command, address, folder) as process:
        yield Server(address, process)


@dataclass(frozen=True)
class OneLogin:
    """Credentials that are the same for every registry; `None` for none at all."""

    value: Credential | None = None

    def credential(self, registry: str, repository: str) -> Credential | None:
        return self.value


def open_remote(
    address: str, repository: str, *, login: Credential | None = None, mount_from: Sequence[str] = ()
) -> RemoteRepository:
    """A repository on a loopback registry, with short waits between retries."""
    transport = Transport({}, retry=RetryPolicy(first_wait=0.01, longest_wait=0.05))
    return open_repository(Reference(address, repository), transport, OneLogin(login), mount_from=mount_from)


@contextlib.contextmanager
def docker_daemon(folder: Path, environ: Mapping[str, str]) -> Iterator[str | None]:
    """A Docker daemon of the test's own, without network settings: its address.

    None where the kernel gives a daemon no cgroups, as inside of a container. Takes root.
    """
    address, log = f"unix://{folder}/s", folder / "log"
    options = ["--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver", "vfs"]
    places = ["--data-root", f"{folder}/root", "--exec-root", f"{folder}/x", "--pidfile", f"{folder}/pid"]
    paths = {"PATH": f"{environ['PATH']}:/usr/sbin:/sbin"}
    with log.open("wb") as output:
        command = ["dockerd", *options, *places, "-H", address]
        daemon = subprocess.Popen(command, env={**environ, **paths}, stdout=output, stderr=output)
    try:
        yield address if _docker_answers(address, daemon, log) else None
    finally:
        daemon.terminate()
        daemon.wait(30)


def _docker_answers(address: str, daemon: subprocess.Popen[bytes], log: Path) -> bool:
    until = time.monotonic() + 60
    while subprocess.run(["docker", "-H", address, "version"], capture_output=True, timeout=60, check=False).returncode:
        if daemon.poll() is not None and "cgroup" in log.read_text():
            return False
        assert daemon.poll() is None, log.read_text()[-2000:]
        assert time.monotonic() < until, "the daemon did not start"
    return True
