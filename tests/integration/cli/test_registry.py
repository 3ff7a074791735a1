from __future__ import annotations

import os
import subprocess
import sys

import pytest


def _fails(environ: dict[str, str], *options: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "tidegate", "registry", "serve", *options]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=30, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


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
