from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.needs("git")
def test_the_demo_ends_with_digest_trace_and_where_to_look(
    tmp_path: Path, environ: dict[str, str], package_cache: Path
) -> None:
    """It releases the example, names what was not done, and leaves the report that it points to."""
    (tmp_path / "demo" / "home").mkdir(parents=True)
    (tmp_path / "demo" / "home" / "cache").symlink_to(package_cache)
    command = [sys.executable, str(ROOT / "scripts" / "demo.py"), str(tmp_path / "demo")]
    result = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    conclusion = result.stdout.rpartition("== Released")[2]
    assert "digest    sha256:" in conclusion
    assert "registry serve --data" in conclusion
    assert "NOT DONE: " in conclusion
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=tmp_path / "demo" / "digits", capture_output=True, text=True, check=True
    ).stdout.strip()
    assert f"sha-{commit}" in conclusion
    assert commit in result.stdout.partition("$ tidegate trace")[2]
    assert (tmp_path / "demo" / "digits" / "tidegate-report" / "report.html").stat().st_size > 1000
