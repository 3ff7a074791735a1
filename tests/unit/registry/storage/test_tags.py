from __future__ import annotations

from pathlib import Path

import pytest

from tidegate.errors import ContentError
from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.digest import Digest
from tidegate.oci.manifest import EMPTY_JSON, Manifest, encode
from tidegate.oci.store import put_bytes
from tidegate.registry.storage.repository import StoredRepository
from tidegate.registry.storage.store import Storage

MISSING = Digest.of(b"nowhere")


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage.open(tmp_path / "data")


@pytest.fixture
def repository(storage: Storage) -> StoredRepository:
    return storage.repository("acme/digits")


def _manifest(repository: StoredRepository, *, subject: Digest | None = None, kind: str = "application/x") -> bytes:
    config = put_bytes(repository, EMPTY_JSON, media_types.EMPTY)
    about = Descriptor(media_type=media_types.MANIFEST, digest=subject, size=1) if subject else None
    value = Manifest(
        schema_version=2,
        media_type=media_types.MANIFEST,
        artifact_type=kind,
        config=config,
        layers=(),
        subject=about,
        annotations={"verdict": "passed"},
    )
    return encode(value)


@pytest.mark.parametrize("tag", ["", ".", "..", "../x", "a/b", "-a", "a" * 129, "a\n"])
def test_what_is_no_tag_is_refused(repository: StoredRepository, tag: str) -> None:
    """Nothing but the grammar's tags becomes a file name."""
    with pytest.raises(ContentError):
        repository.get_manifest(tag)


def test_deleting_a_tag_leaves_the_manifest(repository: StoredRepository) -> None:
    """Only the name goes."""
    digest = repository.put_manifest(_manifest(repository), media_types.MANIFEST, "1.0").digest
    assert repository.delete_tag("1.0")
    assert not repository.delete_tag("1.0")
    assert repository.get_manifest(digest).digest == digest
