"""A registry that runs as its users start it, and a plain HTTP client for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tidegate.oci.digest import Digest
from tidegate.oci.manifest import EMPTY_JSON

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def code(self) -> str:
        return str(self.json["errors"][0]["code"])


@dataclass(slots=True)
class Served:
    """A running registry."""

    process: subprocess.Popen[str]
    port: int
    data: Path
    headers: Mapping[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """Send one request. Underscores in header names stand for hyphens."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        sent = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def upload(self, repository: str) -> str:
        """Start an upload; where it goes on."""
        return str(self.ask("POST", f"/v2/{repository}/blobs/uploads/").headers["Location"])

    def put_blob(self, repository: str, data: bytes) -> Digest:
        digest = Digest.of(data)
        answer = self.ask("PUT", f"{self.upload(repository)}?digest={digest}", data)
        assert answer.status == 201, answer.body
        return digest

    def put_manifest(self, repository: str, reference: str, **fields: object) -> Answer:
        config = self.put_blob(repository, EMPTY_JSON)
        value = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": config, "size": 2},
            "layers": [],
            **fields,
        }
        return self.ask(
            "PUT",
            f"/v2/{repository}/manifests/{reference}",
            msgspec.json.encode(value, enc_hook=str),
            Content_Type=OCI_MANIFEST,
        )

    def stop(self) -> int:
        self.process.terminate()
        code = self.process.wait(20)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        return code

    def kill(self) -> None:
        self.process.kill()
        self.stop()


Serve = Callable[..., Served]


def start_server(data: Path, environ: Mapping[str, str], *options: str, address: str = "127.0.0.1:0") -> Served:
    """A registry on a free port, ready."""
    command = [sys.executable, "-m", "tidegate", "registry", "serve", "--address", address, "--data", str(data)]
    process = subprocess.Popen(
        [*command, *options], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert "registry at http" in line, process.communicate()[1]
    return Served(process, int(line.split(",")[0].rpartition(":")[2]), data)


@pytest.fixture
def serve(tmp_path: Path, environ: dict[str, str]) -> Iterator[Serve]:
    """Starts a registry of the test's own, on the same data folder each time."""
    with ExitStack() as stack:

        def start(*options: str, address: str = "127.0.0.1:0") -> Served:
            served = start_server(tmp_path / "data", environ, *options, address=address)
            stack.callback(served.stop)
            return served

        yield start


@pytest.fixture(scope="session")
def _shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("home")
    environ = {"PATH": os.environ["PATH"], "HOME": str(home), "TIDEGATE_HOME": str(home)}
    served = start_server(home / "data", environ)
    yield served
    served.stop()


@pytest.fixture
def registry(_shared: Served) -> Served:
    """A registry with nothing in it, which other tests use before and after."""
    for name in ("repositories", "blobs"):
        shutil.rmtree(_shared.data / name, ignore_errors=True)
    return _shared
