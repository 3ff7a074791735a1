"""Writes the pages and JSON Schemas that are made from the code: `make docs`.

With `--check` it writes nothing and ends with 1 when a file differs from what it would write.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from tidegate.imagetest.report import TestReport
from tidegate.oci.digest import Digest
from tidegate.project.config import Config
from tidegate.project.lock import Lock
from tidegate.release.report.model import ReleaseReport
from tidegate.scan.report import ScanReport
from tidegate.trace.lookup import Trace
from tidegate.trace.record import Record

DOCS = Path(__file__).resolve().parent
SCHEMAS: dict[str, tuple[type[msgspec.Struct], str]] = {
    "tidegate.yaml": (Config, "tidegate.yaml"),
    "tidegate.lock": (Lock, "tidegate.lock"),
    "release": (ReleaseReport, "release.json, and what `tidegate release --json` prints"),
    "record": (Record, "the release record, evidence beside an image"),
    "scan": (ScanReport, "what `tidegate scan --json` prints, evidence beside an image"),
    "test": (TestReport, "what `tidegate test --json` prints, evidence beside an image"),
    "trace": (Trace, "what `tidegate trace --json` prints"),
}
_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_DIGEST = {"type": "string", "pattern": "^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$"}


def pages() -> dict[Path, str]:
    """Every generated file and its text."""
    return {DOCS / f"reference/schemas/{name}.json": _schema(*of) for name, of in SCHEMAS.items()}


def _schema(kind: type[msgspec.Struct], title: str) -> str:
    body = msgspec.json.schema(kind, schema_hook=_hook)
    return json.dumps({"$schema": _DRAFT, "title": title, **body}, indent=1, sort_keys=False) + "\n"


def _hook(kind: type[Any]) -> dict[str, Any]:
    if kind is Digest:
        return _DIGEST
    raise NotImplementedError(kind)


def main(arguments: list[str]) -> int:
    """Write, or with `--check` compare."""
    check = "--check" in arguments
    different = {path: text for path, text in pages().items() if not path.is_file() or path.read_text() != text}
    for path, text in different.items():
        print(f"{path.relative_to(DOCS.parent)}: {'is out of date, run: make docs' if check else 'written'}")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return 1 if different and check else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
