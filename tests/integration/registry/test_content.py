"""Reading and deleting what was pushed."""

from __future__ import annotations

import pytest
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


def test_tags_in_pages(registry: Served) -> None:
    """Tags are sorted; `last` is exclusive, `n` limits, a link leads on, and n=0 is an empty list without one."""
    for name in ("b", "a", "C"):
        registry.put_manifest("a", name)
    assert registry.ask("GET", "/v2/a/tags/list").json["tags"] == ["C", "a", "b"]
    page = registry.ask("GET", "/v2/a/tags/list?n=2")
    assert page.json["tags"] == ["C", "a"]
    following = str(page.headers["Link"]).partition(">")[0].lstrip("<")
    rest = registry.ask("GET", following)
    assert (rest.json["tags"], rest.headers["Link"]) == (["b"], None)
    none = registry.ask("GET", "/v2/a/tags/list?n=0")
    assert (none.json["tags"], none.headers["Link"]) == ([], None)
    assert registry.ask("GET", "/v2/a/tags/list?n=-1").status == 400
    assert registry.ask("GET", "/v2/nothing/tags/list").code == "NAME_UNKNOWN"


def test_the_catalogue_lists_repositories(registry: Served) -> None:
    """Repositories with content, in pages, and the page for people."""
    for name in ("b", "a/x"):
        registry.put_manifest(name, "1.0")
    assert registry.ask("GET", "/v2/_catalog").json["repositories"] == ["a/x", "b"]
    assert registry.ask("GET", "/v2/_catalog?n=1&last=a/x").json["repositories"] == ["b"]
    page = registry.ask("GET", "/")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert b"a/x" in page.body


def test_referrers_are_listed_and_filtered(registry: Served) -> None:
    """A subject is acknowledged, listed with its type and annotations, and filtered by type."""
    fields: dict[str, object] = {"subject": SUBJECT, "annotations": {"verdict": "passed"}}
    pushed = registry.put_manifest("a", "one", artifactType="a/one", **fields)
    registry.put_manifest("a", "two", artifactType="a/two", **fields)
    assert pushed.headers["OCI-Subject"] == SUBJECT["digest"]
    everything = registry.ask("GET", f"/v2/a/referrers/{SUBJECT['digest']}")
    assert everything.headers["Content-Type"] == "application/vnd.oci.image.index.v1+json"
    assert everything.headers["OCI-Filters-Applied"] is None
    assert len(everything.json["manifests"]) == 2
    one = registry.ask("GET", f"/v2/a/referrers/{SUBJECT['digest']}?artifactType=a/one")
    assert one.headers["OCI-Filters-Applied"] == "artifactType"
    [found] = one.json["manifests"]
    assert (found["digest"], found["annotations"]) == (pushed.headers["Docker-Content-Digest"], {"verdict": "passed"})


def test_referrers_are_never_missing(registry: Served) -> None:
    """An unknown repository or subject has an empty list; a bad digest is 400."""
    answer = registry.ask("GET", f"/v2/nothing/referrers/{SUBJECT['digest']}")
    assert (answer.status, answer.json["manifests"]) == (200, [])
    assert registry.ask("GET", "/v2/a/referrers/sha256:x").code == "DIGEST_INVALID"


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


def test_another_method_is_unsupported(registry: Served) -> None:
    """A method that a path doesn't have is 405 in the spec's form."""
    answer = registry.ask("POST", "/v2/a/manifests/1")
    assert (answer.status, answer.code) == (405, "UNSUPPORTED")
