from __future__ import annotations

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


def test_a_folder_that_cannot_be_made(environ: dict[str, str], tmp_path: Path) -> None:
    """A data folder below a file is an error of the disk that names it."""
    (tmp_path / "file").touch()
    code, error = _fails(environ, "--address", "127.0.0.1:0", "--data", str(tmp_path / "file" / "data"))
    assert code == 4
    assert "file" in error
