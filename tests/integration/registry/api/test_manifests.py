from __future__ import annotations

import pytest
from tests.integration.registry.conftest import OCI_MANIFEST, Served

from tidegate.oci.digest import Digest

DATA = b"0123456789"
SUBJECT = {"mediaType": OCI_MANIFEST, "digest": Digest.of(b"nowhere"), "size": 3}


def test_a_manifest_comes_back_by_tag_and_digest(registry: Served) -> None:
    """GET and HEAD give its bytes, type and digest."""
    digest = registry.put_manifest("a", "1.0").headers["Docker-Content-Digest"]
    for reference in ("1.0", digest):
        got = registry.ask("GET", f"/v2/a/manifests/{reference}")
        assert got.status == 200
        assert Digest.of(got.body) == got.headers["Docker-Content-Digest"] == digest
        assert got.headers["Content-Type"] == OCI_MANIFEST
        head = registry.ask("HEAD", f"/v2/a/manifests/{reference}")
        assert (head.status, head.headers["Content-Length"]) == (200, str(len(got.body)))


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"layers": [{"mediaType": "x", "digest": Digest.of(b"missing"), "size": 7}]}, "MANIFEST_BLOB_UNKNOWN"),
        ({"layers": [{"mediaType": "x", "digest": "sha256:../../x", "size": 7}]}, "MANIFEST_INVALID"),
        ({"layers": "none"}, "MANIFEST_INVALID"),
        ({"schemaVersion": 1}, "MANIFEST_INVALID"),
        ({"mediaType": "application/vnd.oci.image.index.v1+json"}, "MANIFEST_INVALID"),
    ],
)
def test_a_bad_manifest_is_refused(registry: Served, fields: dict[str, object], code: str) -> None:
    """A manifest that is malformed or lacks a blob is 400 and isn't visible."""
    answer = registry.put_manifest("a", "1.0", **fields)
    assert (answer.status, answer.code) == (400, code)
    assert registry.ask("GET", "/v2/a/manifests/1.0").code == "MANIFEST_UNKNOWN"


def test_the_digest_of_a_manifest_must_be_right(registry: Served) -> None:
    """A manifest put under another digest is refused."""
    answer = registry.put_manifest("a", Digest.of(b"other"))
    assert (answer.status, answer.code) == (400, "DIGEST_INVALID")


def test_a_huge_manifest_is_refused(registry: Served) -> None:
    """Over 4 MiB is 413; what is not JSON, or of an unknown type, is 400."""
    path = "/v2/a/manifests/1.0"
    assert registry.ask("PUT", path, b" " * (4 << 20) + b"{", Content_Type=OCI_MANIFEST).status == 413
    assert registry.ask("PUT", path, b"\xff{", Content_Type=OCI_MANIFEST).code == "MANIFEST_INVALID"
    assert registry.ask("PUT", path, b"{}", Content_Type="text/html").code == "MANIFEST_INVALID"


def test_deleting_a_manifest_drops_its_tags(registry: Served) -> None:
    """By tag only the tag goes, by digest everything."""
    digest = registry.put_manifest("a", "1.0").headers["Docker-Content-Digest"]
    registry.put_manifest("a", "2.0")
    assert registry.ask("DELETE", "/v2/a/manifests/1.0").status == 202
    assert registry.ask("GET", f"/v2/a/manifests/{digest}").status == 200
    assert registry.ask("DELETE", f"/v2/a/manifests/{digest}").status == 202
    assert registry.ask("GET", "/v2/a/manifests/2.0").status == 404
    assert registry.ask("DELETE", f"/v2/a/manifests/{digest}").code == "MANIFEST_UNKNOWN"
