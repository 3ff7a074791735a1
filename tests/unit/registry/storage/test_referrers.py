from __future__ import annotations

from tests.unit.registry.storage.samples import MISSING, make_manifest

from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.digest import Digest
from tidegate.oci.manifest import Index, encode
from tidegate.registry.storage.repository import StoredRepository


def test_referrers_are_listed_with_type_and_annotations(repository: StoredRepository) -> None:
    """A subject's referrers are found by subject and type, whether the subject is there or not."""
    first = repository.put_manifest(make_manifest(repository, subject=MISSING, kind="a/one"), media_types.MANIFEST)
    repository.put_manifest(make_manifest(repository, subject=MISSING, kind="a/two"), media_types.MANIFEST)
    assert len(repository.referrers(MISSING)) == 2
    [found] = repository.referrers(MISSING, "a/one")
    assert (found.digest, found.artifact_type, found.annotations) == (first.digest, "a/one", {"verdict": "passed"})
    assert repository.referrers(first.digest) == []


def test_referrers_of_older_clients_are_folded_in(repository: StoredRepository) -> None:
    """Entries of the fallback tag are listed too, each digest once."""
    pushed = repository.put_manifest(make_manifest(repository, subject=MISSING, kind="a/one"), media_types.MANIFEST)
    old = Descriptor(media_type=media_types.MANIFEST, digest=Digest.of(b"old"), size=3, artifact_type="a/old")
    index = Index(schema_version=2, media_type=media_types.INDEX, manifests=(old, pushed))
    repository.put_manifest(encode(index), media_types.INDEX, f"sha256-{MISSING.hex}")
    assert {each.digest for each in repository.referrers(MISSING)} == {old.digest, pushed.digest}
    assert [each.digest for each in repository.referrers(MISSING, "a/old")] == [old.digest]
