from __future__ import annotations

import pytest
from tests.unit.registry.storage.samples import make_manifest

from tidegate.errors import ContentError
from tidegate.oci import media_types
from tidegate.registry.storage.repository import StoredRepository


@pytest.mark.parametrize("tag", ["", ".", "..", "../x", "a/b", "-a", "a" * 129, "a\n"])
def test_what_is_no_tag_is_refused(repository: StoredRepository, tag: str) -> None:
    """Nothing but the grammar's tags becomes a file name."""
    with pytest.raises(ContentError):
        repository.get_manifest(tag)


def test_deleting_a_tag_leaves_the_manifest(repository: StoredRepository) -> None:
    """Only the name goes."""
    digest = repository.put_manifest(make_manifest(repository), media_types.MANIFEST, "1.0").digest
    assert repository.delete_tag("1.0")
    assert not repository.delete_tag("1.0")
    assert repository.get_manifest(digest).digest == digest
