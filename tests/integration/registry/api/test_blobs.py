from __future__ import annotations

from tests.integration.registry.conftest import OCI_MANIFEST, Served

from tidegate.oci.digest import Digest

DATA = b"0123456789"
SUBJECT = {"mediaType": OCI_MANIFEST, "digest": Digest.of(b"nowhere"), "size": 3}


def test_ranges_of_a_blob(registry: Served) -> None:
    """A range is 206 with those bytes, one behind the end 416, HEAD only the size."""
    path = f"/v2/a/blobs/{registry.put_blob('a', DATA)}"
    part = registry.ask("GET", path, Range="bytes=2-4")
    assert (part.status, part.body, part.headers["Content-Range"]) == (206, b"234", "bytes 2-4/10")
    assert registry.ask("GET", path, Range="bytes=7-").body == b"789"
    assert registry.ask("GET", path, Range="bytes=10-").status == 416
    head = registry.ask("HEAD", path)
    assert (head.status, head.headers["Content-Length"], head.body) == (200, "10", b"")


def test_a_deleted_blob_is_gone(registry: Served) -> None:
    """DELETE is 202, and 404 the second time."""
    path = f"/v2/a/blobs/{registry.put_blob('a', DATA)}"
    assert registry.ask("DELETE", path).status == 202
    assert registry.ask("DELETE", path).code == "BLOB_UNKNOWN"
    assert registry.ask("GET", path).code == "BLOB_UNKNOWN"
