"""One image with a model that tells what it sees, run in every way that works on this machine."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.images import make_layer, put_weights, python_image
from tests.servers import docker_daemon

from tidegate.oci.image import Image
from tidegate.oci.local import LocalStore
from tidegate.runtime.interface import Runtime
from tidegate.runtime.select import runtimes

NAMES = ("docker", "podman", "runc", "crun", "bubblewrap", "unshare", "chroot")
ENGINES = frozenset({"docker", "podman"})
PORT = 18473
PROGRAM = """
import http.server, json, os, signal, socket, sys

def attempt(call, *arguments):
    try:
        call(*arguments)
        return "done"
    except OSError as error:
        return type(error).__name__

def dial():
    socket.create_connection(("127.0.0.1", int(os.environ.get("OUTSIDE", "9"))), 2).close()

def write(path):
    with open(path, "w") as file:
        file.write("x")

def facts():
    with open("/models/weights.bin", "rb") as file:
        first = file.read(8).decode()
    status = dict(line.split(":", 1) for line in open("/proc/self/status")) if os.path.exists("/proc/self") else {}
    return {
        "uid": os.getuid(), "gid": os.getgid(), "pid": os.getpid(), "workdir": os.getcwd(), "weights": first,
        "interfaces": [name for _, name in socket.if_nameindex()], "outside": attempt(dial),
        "root": attempt(write, "/app/new"), "weights_write": attempt(write, "/models/weights.bin"),
        "writable": [attempt(write, folder + "/x") for folder in ("/tmp", "/var/tmp", "/run", "/dev/shm")],
        "null": attempt(write, "/dev/null"), "localhost": socket.gethostbyname("localhost"),
        "capabilities": status.get("CapEff", "").strip(), "groups": os.getgroups(), "home": os.environ["HOME"],
        "colour": os.environ.get("COLOUR"),
    }

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if self.path == "/grow":
            hold.append(bytearray(os.urandom(1 << 20) * 300))
        body = json.dumps(facts()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

def leave(*_):
    print("terminated as asked", flush=True)
    os._exit(7)

hold = []
mode = sys.argv[1] if len(sys.argv) > 1 else "serve"
if mode == "copy":
    sys.stdout.write(sys.stdin.read().upper())
elif mode == "fail":
    sys.exit("no such thing as a free lunch")
else:
    signal.signal(signal.SIGTERM, leave)
    print("serving", flush=True)
    http.server.ThreadingHTTPServer(("0.0.0.0", 18473), Handler).serve_forever()
"""


@pytest.fixture(scope="session")
def workplace() -> Iterator[Path]:
    """A folder that other users may enter, as the model's user is another one."""
    with tempfile.TemporaryDirectory(prefix="tidegate-tests-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="session")
def image(workplace: Path) -> Image:
    """An image with this machine's Python, weights that stay where they lie, and the program above."""
    weights = workplace / "weights.bin"
    weights.write_bytes(b"weights!" * (1 << 18))
    store = LocalStore(workplace / "store")
    return python_image(
        store, PROGRAM, make_layer({"models": None}), put_weights(store, "models/weights.bin", weights), port=PORT
    )


@pytest.fixture(scope="session")
def engine_environ() -> Iterator[dict[str, str]]:
    """This environment, with a Docker daemon of the tests' own where root can start one."""
    programs = [shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") for name in ("docker", "dockerd")]
    if os.geteuid() != 0 or "DOCKER_HOST" in os.environ or None in programs:
        yield dict(os.environ)
        return
    with (
        tempfile.TemporaryDirectory(prefix="td-", ignore_cleanup_errors=True) as folder,
        docker_daemon(Path(folder), os.environ) as address,
    ):
        yield {**os.environ, **({"DOCKER_HOST": address} if address else {})}


@pytest.fixture(scope="session")
def probed(engine_environ: dict[str, str]) -> dict[str, tuple[Runtime, str | None]]:
    """Each runtime, and what its probe said."""
    return {runtime.name: (runtime, runtime.probe()) for runtime in runtimes(engine_environ)}


def _choose(name: str, probed: dict[str, tuple[Runtime, str | None]]) -> Runtime:
    chosen, reason = probed[name]
    if reason is not None:
        pytest.skip(f"{name}: {reason}")
    return chosen


@pytest.fixture(params=NAMES)
def runtime(request: pytest.FixtureRequest, probed: dict[str, tuple[Runtime, str | None]]) -> Runtime:
    """Each runtime that works here."""
    return _choose(request.param, probed)


@pytest.fixture(params=[name for name in NAMES if name not in ENGINES])
def quick_runtime(request: pytest.FixtureRequest, probed: dict[str, tuple[Runtime, str | None]]) -> Runtime:
    """Each that works here and isn't an engine: those take seconds for each container."""
    return _choose(request.param, probed)


def parse(text: bytes) -> dict[str, object]:
    """A JSON object."""
    value = json.loads(text)
    assert isinstance(value, dict)
    return value
