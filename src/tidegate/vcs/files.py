"""Which files of a folder git knows or would take in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tidegate.vcs.command import Git


def list_files(folder: Path, environ: Mapping[str, str]) -> frozenset[str] | None:
    """Paths below the folder of all files that git does not ignore; None outside a work tree.

    Raises OutsideError when git is missing or hangs.
    """
    listing = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"]
    (output,) = Git(folder, environ).run(listing)
    return frozenset(filter(None, output.text.split("\0"))) if output.code == 0 else None
