from __future__ import annotations

from tests.integration.registry.conftest import Served


def test_another_method_is_unsupported(registry: Served) -> None:
    """A method that a path doesn't have is 405 in the spec's form."""
    answer = registry.ask("POST", "/v2/a/manifests/1")
    assert (answer.status, answer.code) == (405, "UNSUPPORTED")


def test_a_full_disk_makes_nothing_visible(registry: Served) -> None:
    """When the disk fails the answer is 5xx in the spec's form, logged, and neither tag nor manifest is there."""
    registry.put_manifest("a", "1.0")
    tags = registry.data / "repositories" / "b" / "_manifests"
    tags.parent.mkdir(parents=True)
    tags.write_bytes(b"")
    answer = registry.put_manifest("b", "1.0")
    assert (answer.status, answer.code) == (500, "UNKNOWN")
    tags.unlink()
    assert registry.ask("GET", "/v2/b/manifests/1.0").status == 404
    assert registry.put_manifest("b", "1.0").status == 201
