"""The JSON Schemas in the docs: up to date, and true of what is printed."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from docs import generate
from tests.unit.release.report.samples import ALL
from tests.unit.trace.samples import CONFIG, LOCK, put_evidence, put_image, record_of

from tidegate.oci.digest import Digest
from tidegate.oci.layout import Layout
from tidegate.project.lock import encode_lock
from tidegate.release.report.model import encode
from tidegate.trace.lookup import trace_image
from tidegate.trace.record import encode_record


def validate(name: str, document: Any) -> None:
    """Raises when a document is not what the published schema says."""
    schema = json.loads((generate.DOCS / f"reference/schemas/{name}.json").read_text())
    importlib.import_module("jsonschema").validate(document, schema)


@pytest.mark.parametrize("path", generate.pages(), ids=lambda path: path.name)
def test_a_generated_file_is_up_to_date(path: Path) -> None:
    """`make docs` writes it anew."""
    assert path.read_text() == generate.pages()[path]


@pytest.mark.parametrize("number", range(len(ALL)))
def test_a_release_is_as_published(number: int) -> None:
    """Whole or stopped, with the gates' documents in it."""
    document = json.loads(encode(ALL[number]))
    validate("release", document)
    for kind in ("test", "scan"):
        for part in document[f"{kind}s"]:
            validate(kind, part)


def test_a_trace_and_a_record_are_as_published(tmp_path: Path) -> None:
    """With everything in them that a release leaves."""
    store = Layout(tmp_path)
    put_evidence(store, put_image(store, tag="main"))
    validate("trace", json.loads(msgspec.json.encode(trace_image(store, "main"), enc_hook=str)))
    validate("record", json.loads(encode_record(record_of(Digest.of(b"x")))))


def test_configuration_and_lock_are_as_published() -> None:
    """So that an editor complains about what Tidegate would complain about."""
    document = json.loads(msgspec.json.encode(CONFIG))
    validate("tidegate.yaml", document)
    validate("tidegate.lock", json.loads(encode_lock(LOCK)))
    with pytest.raises(Exception, match="unexpected"):
        validate("tidegate.yaml", document | {"modle": {}})


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("release", {"verdict", "digest", "references", "stages"}),
        ("scan", {"verdict", "findings", "not_done"}),
        ("test", {"verdict", "cases", "limits"}),
        ("trace", {"verdict", "digest", "commit", "evidence", "missing"}),
    ],
)
def test_the_names_that_others_rely_on(name: str, keys: set[str]) -> None:
    """Whoever reads the JSON in a pipeline reads these."""
    schema = json.loads((generate.DOCS / f"reference/schemas/{name}.json").read_text())
    top = schema["$defs"][schema["$ref"].rpartition("/")[2]]
    assert keys <= set(top["properties"])
