from __future__ import annotations

import codecs
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# What no file may hold, turned by 13 letters so that this one doesn't either: hosts of public package indexes
# and mirrors, which users choose themselves, and paths of the machine that a change was made on.
TURNED = (
    "clcv.bet",
    "svyrf.clgubaubfgrq.bet",
    "qro.qrovna.bet",
    "frphevgl.qrovna.bet",
    "sgc.qrovna.bet",
    "fancfubg.qrovna.bet",
    "ertvfgel.aczwf.bet",
    "cebkl.tbynat.bet",
    "fgngvp.pengrf.vb",
    "ercb.znira.ncnpur.bet",
    "/jbex/znva",
    "/jbex/funerq",
)


@pytest.mark.needs("git")
def test_no_file_names_a_host_or_a_machine_that_is_not_its_own() -> None:
    """Neither in code nor in tests, docs or locks."""
    words = [codecs.decode(word, "rot13").encode() for word in TURNED]
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    paths = [ROOT / name.decode() for name in listed.split(b"\0") if name]
    found = {
        f"{path.relative_to(ROOT)}: {codecs.encode(word.decode(), 'rot13')}"
        for path in paths
        if path.is_file()
        for word in words
        if word in path.read_bytes().lower()
    }
    assert found == set()
