from __future__ import annotations

from tests.integration.registry.conftest import OCI_MANIFEST, Served

from tidegate.oci.digest import Digest

DATA = b"0123456789"
SUBJECT = {"mediaType": OCI_MANIFEST, "digest": Digest.of(b"nowhere"), "size": 3}


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
