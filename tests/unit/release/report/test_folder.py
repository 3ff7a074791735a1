"""The report folder."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tests.unit.release.report.samples import ALL, FAILED, PASSED

from tidegate.errors import StorageError
from tidegate.oci.manifest import decode
from tidegate.release.report.folder import write
from tidegate.release.report.model import ReleaseReport


@pytest.mark.parametrize("report", ALL)
def test_release_json_is_the_whole_report(tmp_path: Path, report: ReleaseReport) -> None:
    """What was written is read back the same."""
    write(tmp_path / "out", report)
    data = (tmp_path / "out/release.json").read_bytes()
    assert decode(data, ReleaseReport, "release.json") == report


def test_all_files_are_there(tmp_path: Path) -> None:
    """With the list of packages and the scan's SARIF as they were handed in."""
    write(tmp_path, PASSED, sarif=b"S", sbom=b"B")
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {".gitignore", "junit.xml", "release.json", "report.html", "results.sarif", "sbom.cdx.json"}
    assert ((tmp_path / "results.sarif").read_bytes(), (tmp_path / "sbom.cdx.json").read_bytes()) == (b"S", b"B")


def test_nothing_of_an_earlier_release_stays(tmp_path: Path) -> None:
    """A release that stopped before the scan has no scan's results."""
    write(tmp_path, PASSED, sarif=b"S", sbom=b"B")
    write(tmp_path, FAILED)
    assert not {"results.sarif", "sbom.cdx.json"} & {path.name for path in tmp_path.iterdir()}


def test_a_report_does_not_make_the_work_tree_dirty(tmp_path: Path) -> None:
    """The next release would be refused."""
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    write(tmp_path / "tidegate-report", PASSED)
    done = subprocess.run(["git", "status", "--porcelain"], cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout == b""


def test_a_file_in_the_way_is_said(tmp_path: Path) -> None:
    """With its name."""
    (tmp_path / "out").write_text("x")
    with pytest.raises(StorageError, match="out"):
        write(tmp_path / "out", PASSED)
