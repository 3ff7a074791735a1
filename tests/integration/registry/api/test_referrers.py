from __future__ import annotations

from tests.integration.registry.conftest import OCI_MANIFEST, Served

from tidegate.oci.digest import Digest

DATA = b"0123456789"
SUBJECT = {"mediaType": OCI_MANIFEST, "digest": Digest.of(b"nowhere"), "size": 3}


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
