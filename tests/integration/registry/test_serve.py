from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.integration.registry.conftest import Serve, Served


def _fails(environ: dict[str, str], *options: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "tidegate", "registry", "serve", *options]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=30, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_told(serve: Serve, number: signal.Signals) -> None:
    """A signal ends it with 0, and the data folder no longer says where it is served."""
    served = serve()
    served.process.send_signal(number)
    assert served.process.wait(20) == 0
    assert not (served.data / "address").exists()


def test_requests_are_logged_when_asked(serve: Serve) -> None:
    """With --verbose each request is a line of key=value words, without credentials."""
    served = serve("--verbose")
    served.ask("GET", "/v2/_catalog?n=1", Authorization="Basic c2VjcmV0OnNlY3JldA==")
    served.process.terminate()
    assert served.process.stderr is not None
    log = served.process.stderr.read()
    assert "method=GET path=/v2/_catalog?n=1 status=200" in log
    assert "c2VjcmV0" not in log


def test_a_taken_address(registry: Served, environ: dict[str, str], tmp_path: Path) -> None:
    """Where something listens already, it says so."""
    code, error = _fails(environ, "--address", f"127.0.0.1:{registry.port}", "--data", str(tmp_path / "other"))
    assert code == 4
    assert "something listens there already" in error


def test_a_served_folder(registry: Served, environ: dict[str, str]) -> None:
    """Two servers never share a folder."""
    code, error = _fails(environ, "--address", "127.0.0.1:0", "--data", str(registry.data))
    assert code == 4
    assert "another registry is serving this folder" in error


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--address", "5000"], "not an address to listen on"),
        (["--address", "0.0.0.0:0"], "--insecure"),
        (["--address", "192.0.2.1:0", "--insecure"], "not an address of this machine"),
        (["--address", "127.0.0.1:0", "--tls-cert", "x"], "needed together"),
        (["--address", "127.0.0.1:0", "--tls-cert", os.devnull, "--tls-key", os.devnull], "not a certificate"),
    ],
)
def test_wrong_usage(environ: dict[str, str], options: list[str], says: str) -> None:
    """Options that can't work are exit code 2, with the next step."""
    code, error = _fails(environ, *options)
    assert code == 2
    assert says in error


def test_a_folder_that_cannot_be_made(environ: dict[str, str], tmp_path: Path) -> None:
    """A data folder below a file is an error of the disk that names it."""
    (tmp_path / "file").touch()
    code, error = _fails(environ, "--address", "127.0.0.1:0", "--data", str(tmp_path / "file" / "data"))
    assert code == 4
    assert "file" in error


def test_a_full_disk_makes_nothing_visible(registry: Served) -> None:
    """When the disk fails the answer is 5xx in the spec's form, logged, and neither tag nor manifest is there."""
    registry.put_manifest("a", "1.0")
    tags = registry.data / "repositories" / "b" / "_manifests"
    tags.parent.mkdir(parents=True)
    tags.write_bytes(b"")
    answer = registry.put_manifest("b", "1.0")
    assert (answer.status, answer.code) == (500, "UNKNOWN")
    tags.unlink()
    assert registry.ask("GET", "/v2/b/manifests/1.0").status == 404
    assert registry.put_manifest("b", "1.0").status == 201
