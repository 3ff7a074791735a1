from __future__ import annotations

import pytest
from tests.integration.registry.conftest import OCI_MANIFEST, Served

from tidegate.oci.digest import Digest

DATA = b"0123456789"
SUBJECT = {"mediaType": OCI_MANIFEST, "digest": Digest.of(b"nowhere"), "size": 3}


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v2/../etc/manifests/1", "NAME_INVALID"),
        ("/v2/%2e%2e/manifests/1", "NAME_INVALID"),
        ("/v2/UPPER/tags/list", "NAME_INVALID"),
        ("/v2/" + "a" * 256 + "/tags/list", "NAME_INVALID"),
        ("/v2/a/manifests/%2e%2e%2fx", "MANIFEST_INVALID"),
        ("/v2/a/blobs/sha256:..%2f..%2fx", "DIGEST_INVALID"),
        ("/v2/a/blobs/uploads/..%2fx", "BLOB_UPLOAD_UNKNOWN"),
        ("/nowhere", "NAME_UNKNOWN"),
    ],
)
def test_names_are_checked_before_any_path(registry: Served, path: str, code: str) -> None:
    """A name, tag or digest that isn't one is refused in the spec's form."""
    assert registry.ask("GET", path).code == code
