from __future__ import annotations

import json

import pytest

from tidegate.errors import ContentError
from tidegate.scan.inputs import read_cyclonedx, read_requirements

REQUIREMENTS = """\
# comment
numpy==2.4.6 \\
    --hash=sha256:aa --hash=sha256:bb
torch===2.1.0+cu118 ; python_version > "3.8"  # why
scikit-learn>=1.0
--index-url https://packages.acme.example/simple
-r other.txt
pandas==2.*
"""


def test_pinned_requirements_are_packages() -> None:
    """What isn't pinned can't be looked up, and that is said."""
    survey = read_requirements(REQUIREMENTS, "requirements.txt")
    assert [(p.source, p.source_version) for p in survey.packages] == [("numpy", "2.4.6"), ("torch", "2.1.0+cu118")]
    reasons = [item.reason.partition(" pins")[0] for item in survey.not_done]
    assert reasons == ["'scikit-learn>=1.0'", "'-r other.txt'", "'pandas==2.*'"]


def test_a_bill_of_materials_is_packages() -> None:
    """Python's and Debian's; of others it is said that there is no data."""
    purls = [
        "pkg:pypi/numpy@2.4.6",
        "pkg:deb/debian/openssl@3.0-1?distro=debian-12.5",
        "pkg:npm/left-pad@1.0",
        "not a purl",
    ]
    components = [{"name": "x", "purl": purl} for purl in purls]
    data = json.dumps({"bomFormat": "CycloneDX", "components": [{"name": "a", "components": components}]})
    survey = read_cyclonedx(data.encode(), "sbom.json")
    assert [package.ecosystem for package in survey.packages] == ["PyPI", "Debian:12"]
    assert len(survey.not_done) == 2


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"bomFormat": "SPDX"}', b"\xff"])
def test_another_document_is_refused(data: bytes) -> None:
    """With its name."""
    with pytest.raises(ContentError, match=r"sbom\.json"):
        read_cyclonedx(data, "sbom.json")
