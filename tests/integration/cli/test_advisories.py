from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

RECORD = {"id": "A", "modified": "2026-04-30T00:00:00Z"}


def tidegate(environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tidegate.cli.main", "advisories", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environ, timeout=60, check=False)


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    affected = [{"package": {"ecosystem": name, "name": "x"}, "versions": ["1"]} for name in ("PyPI", "Debian:12")]
    path = tmp_path / "osv.jsonl"
    path.write_text(json.dumps({**RECORD, "affected": affected}))
    return path


def test_status_before_any_update(environ: dict[str, str]) -> None:
    """Says that there is nothing, and the next step."""
    done = tidegate(environ, "status")
    assert (done.returncode, done.stdout) == (0, "no vulnerability data\n")
    assert "advisories update" in done.stderr
    assert json.loads(tidegate(environ, "status", "--json").stdout) == {"verdict": "incomplete", "ecosystems": []}


def test_an_update_says_what_there_is_now(environ: dict[str, str], dump: Path) -> None:
    """And so does the status afterwards."""
    done = tidegate(environ, "update", "--from", str(dump), "--ecosystem", "PyPI", "--json")
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)["ecosystems"]
    assert (found["ecosystem"], found["records"], found["source"]) == ("PyPI", 1, str(dump))
    assert tidegate(environ, "status").stdout.startswith("PyPI: 1 records, newest of 2026-04-30")


def test_a_dump_of_something_else_keeps_the_old_data(environ: dict[str, str], dump: Path, tmp_path: Path) -> None:
    """With exit code 4."""
    tidegate(environ, "update", "--from", str(dump))
    other = tmp_path / "other.json"
    other.write_text('{"not": "osv"}\n')
    done = tidegate(environ, "update", "--from", str(other))
    assert (done.returncode, done.stderr.startswith("error: ")) == (4, True)
    assert len(tidegate(environ, "status").stdout.splitlines()) == 2
