from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tidegate.build.digest_cache import SETTLED, DigestCache, file_key, recipe_key
from tidegate.errors import StorageError
from tidegate.oci.digest import Digest
from tidegate.oci.recipe import FileKey, FilePart, Literal, Recipe

KEY = FileKey(device=1, inode=2, size=3, mtime=4, ctime=10**18)
DIGEST = Digest.of(b"x")


def test_digest_outlives_the_process(tmp_path: Path) -> None:
    """What one opens, another has written."""
    path = tmp_path / "folder" / "digests.sqlite3"
    with closing(DigestCache(path)) as cache:
        cache.put(file_key(KEY), DIGEST, [KEY], KEY.ctime + SETTLED)
    with closing(DigestCache(path)) as cache:
        assert cache.get(file_key(KEY)) == DIGEST


def test_fresh_file_is_not_remembered(tmp_path: Path) -> None:
    """Within two seconds a file may change again without its times telling."""
    with closing(DigestCache(tmp_path / "digests")) as cache:
        cache.put(file_key(KEY), DIGEST, [KEY], KEY.ctime + SETTLED - 1)
        assert cache.get(file_key(KEY)) is None


@pytest.mark.parametrize("field", ["device", "inode", "size", "mtime", "ctime"])
def test_every_part_of_a_file_counts(field: str) -> None:
    """A file that differs in anything is another one."""
    values = {name: getattr(KEY, name) for name in ("device", "inode", "size", "mtime", "ctime")}
    values[field] += 1
    other = FileKey(**values)
    assert file_key(other) != file_key(KEY)
    assert recipe_key(Recipe((FilePart("/a", other),))) != recipe_key(Recipe((FilePart("/a", KEY),)))


def test_recipe_is_known_by_its_bytes_and_files_alone() -> None:
    """Another path to the same file is the same recipe; other headers are not."""
    one = Recipe((Literal(b"head"), FilePart("/a", KEY)))
    assert recipe_key(one) == recipe_key(Recipe((Literal(b"head"), FilePart("/b", KEY))))
    assert recipe_key(one) != recipe_key(Recipe((Literal(b"HEAD"), FilePart("/a", KEY))))
    assert recipe_key(Recipe((Literal(b"ab"),))) != recipe_key(Recipe((Literal(b"a"), Literal(b"b"))))
    assert recipe_key(Recipe((FilePart("/a", KEY),))) != file_key(KEY)


def test_broken_cache_is_forgotten(tmp_path: Path) -> None:
    """A torn file is no reason to stop."""
    path = tmp_path / "digests"
    path.write_bytes(b"not a database" * 100)
    with closing(DigestCache(path)) as cache:
        assert cache.get(file_key(KEY)) is None


def test_cache_that_breaks_while_it_is_used_forgets(tmp_path: Path) -> None:
    """Neither a lost table nor a wrong value stops a build."""
    path = tmp_path / "digests"
    with closing(DigestCache(path)) as cache, closing(sqlite3.connect(path)) as other:
        cache.put(file_key(KEY), DIGEST, [KEY], KEY.ctime + SETTLED)
        with other:
            other.execute("UPDATE digests SET digest = 'nonsense'")
        assert cache.get(file_key(KEY)) is None
        with other:
            other.execute("DROP TABLE digests")
        assert cache.get(file_key(KEY)) is None
        cache.put(file_key(KEY), DIGEST, [KEY], KEY.ctime + SETTLED)


def test_place_that_can_not_be_written_is_a_storage_error(tmp_path: Path) -> None:
    """The folder's name is in the message."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="file"):
        DigestCache(tmp_path / "file" / "digests")
