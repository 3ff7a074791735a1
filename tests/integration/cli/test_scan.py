from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.assets.scan.malicious import SYSTEM
from tests.images import make_image, make_layer

from tidegate.oci.layout import Layout

MODELS = Path(__file__).parents[2] / "assets" / "scan" / "models"
ADVISORY = {
    "id": "PYSEC-2026-1",
    "modified": "2026-04-30T00:00:00Z",
    "aliases": ["CVE-2026-1"],
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "numpy"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.1"}]}],
        }
    ],
}
METADATA = "usr/lib/python3.11/site-packages/numpy-2.0.dist-info/METADATA"


def tidegate(environ: dict[str, str], *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tidegate.cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environ, cwd=cwd, timeout=60, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "work"
    found.mkdir()
    store = Layout(found / "layout")
    make_image(store, [make_layer({METADATA: b"Name: numpy\nVersion: 2.0\n"})], command=["x"], tag="latest")
    (found / "osv.jsonl").write_text(json.dumps(ADVISORY) + "\n")
    (found / "bad.pkl").write_bytes(SYSTEM)
    return found


def test_a_poisoned_model_file_ends_in_3(environ: dict[str, str], folder: Path) -> None:
    """A clean one in 0."""
    bad = tidegate(environ, "scan", "bad.pkl", cwd=folder)
    assert bad.returncode == 3, bad.stderr
    assert "posix.system" in bad.stdout
    clean = tidegate(environ, "scan", str(MODELS / "forest.joblib"), cwd=folder)
    assert (clean.returncode, clean.stdout) == (0, "scan passed: no findings; 0 packages, 1 files\n")


def test_an_image_without_data_and_then_with(environ: dict[str, str], folder: Path) -> None:
    """Required data that is missing stops; the flaw is found once the data is there."""
    without = tidegate(environ, "scan", "oci:layout", "--json", cwd=folder)
    assert without.returncode == 3, without.stderr
    assert json.loads(without.stdout)["verdict"] == "incomplete"
    update = tidegate(environ, "advisories", "update", "--from", "osv.jsonl", cwd=folder)
    assert update.returncode == 0, update.stderr
    found = tidegate(environ, "scan", "oci:layout", "--json", "--sarif", "s.sarif", "--sbom", "s.cdx.json", cwd=folder)
    document = json.loads(found.stdout)
    assert (found.returncode, document["verdict"]) == (3, "failed")
    assert [(item["id"], item["fixed_in"]) for item in document["findings"]] == [("CVE-2026-1", "2.1")]
    assert json.loads((folder / "s.sarif").read_bytes())["runs"][0]["results"]
    listed = tidegate(environ, "scan", "s.cdx.json", "--json", cwd=folder)
    assert [item["id"] for item in json.loads(listed.stdout)["findings"]] == ["CVE-2026-1"]


def test_the_rules_of_the_folder_count(environ: dict[str, str], folder: Path) -> None:
    """Its exceptions, too."""
    ignore = "[{id: pickle-global, paths: [bad.pkl], statement: a test, owner: '@me', expired_at: 2999-01-01}]"
    (folder / "tidegate.yaml").write_text(f"tidegate: 1\nmodel: {{name: x}}\nignore: {ignore}\n")
    done = tidegate(environ, "scan", "bad.pkl", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "SUPPRESSED" in done.stdout


def test_requirements_can_be_scanned(environ: dict[str, str], folder: Path) -> None:
    """Before anything is built."""
    (folder / "requirements.txt").write_text("numpy==2.0\n")
    tidegate(environ, "advisories", "update", "--from", "osv.jsonl", cwd=folder)
    done = tidegate(environ, "scan", "requirements.txt", cwd=folder)
    assert done.returncode == 3
    assert "CVE-2026-1" in done.stdout


def test_bad_input_is_one_error(environ: dict[str, str], folder: Path) -> None:
    """Without a traceback, with exit code 4 for what lies outside."""
    (folder / "x.json").write_text("{}")
    for arguments in (["scan", "x.json"], ["advisories", "update", "--from", "nowhere.zip"], ["scan", "oci:nowhere"]):
        done = tidegate(environ, *arguments, cwd=folder)
        assert done.returncode == 4, done.stderr
        assert done.stderr.startswith("error: ")
        assert "Traceback" not in done.stderr
