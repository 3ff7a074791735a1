"""The report folder."""

from __future__ import annotations

from pathlib import Path

from tidegate.errors import StorageError
from tidegate.oci.layout import replacing
from tidegate.release.report import html, junit, model
from tidegate.release.report.model import ReleaseReport

NAME = "tidegate-report"


def write(folder: Path, report: ReleaseReport, *, sarif: bytes | None = None, sbom: bytes | None = None) -> None:
    """Write every report, each file whole or not at all; release.json last.

    What this release does not have is removed, so that the folder never mixes two releases. Git ignores
    the folder: a report must not make the next work tree dirty. Raises StorageError.
    """
    files = {
        ".gitignore": b"*\n",
        "report.html": html.render(report),
        "junit.xml": junit.render(report),
        "results.sarif": sarif,
        "sbom.cdx.json": sbom,
        "release.json": model.encode(report),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "release.json").unlink(missing_ok=True)
        for name, data in files.items():
            if data is None:
                (folder / name).unlink(missing_ok=True)
                continue
            with replacing(folder / name) as stream:
                stream.write(data)
    except OSError as error:
        raise StorageError(
            f"{error.filename or folder}: {error.strerror}", hint="free some space or check the rights of the folder"
        ) from error
