from __future__ import annotations

import json

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tidegate.scan import sbom
from tidegate.scan.packages import Package

DIGEST = "sha256:" + "a" * 64
PACKAGES = [
    Package("pypi", "Foo_Bar", "1.0", "site/foo/METADATA", "PyPI", "Foo_Bar", "1.0"),
    Package("pypi", "Foo_Bar", "1.0", "vendor/foo/METADATA", "PyPI", "Foo_Bar", "1.0"),
    Package("deb", "libc6", "2.36-9+deb12u9", "status", "Debian:12", "glibc", "2.36-9+deb12u9", "amd64", "debian-12"),
]
MODELS = [sbom.ModelFile("models/m.joblib", "b" * 64)]


def test_it_is_valid_cyclonedx() -> None:
    """By the specification's own schema, as far as the validator is there."""
    data = sbom.write("digits", "1.4.0", DIGEST, PACKAGES, MODELS)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(data.decode()) is None


def test_it_names_everything_once() -> None:
    """Packages by their purl with every place, weights by their hash."""
    document = json.loads(sbom.write("digits", "1.4.0", DIGEST, PACKAGES, MODELS))
    assert document["specVersion"] == "1.6"
    found = {item["name"]: item for item in document["components"]}
    assert set(found) == {"Foo_Bar", "libc6", "models/m.joblib"}
    assert [item["value"] for item in found["Foo_Bar"]["properties"]] == ["site/foo/METADATA", "vendor/foo/METADATA"]
    assert found["models/m.joblib"]["type"] == "machine-learning-model"


def test_the_same_image_gives_the_same_bytes() -> None:
    """In whatever order its packages were found; another image has another number."""
    first = sbom.write("digits", "1", DIGEST, PACKAGES, MODELS)
    assert first == sbom.write("digits", "1", DIGEST, PACKAGES[::-1], MODELS)
    assert b"timestamp" not in first
    other = sbom.write("digits", "1", "sha256:" + "c" * 64, PACKAGES)
    assert json.loads(first)["serialNumber"] != json.loads(other)["serialNumber"]
