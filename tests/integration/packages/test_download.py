"""Files by digest from servers into a cache."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.packages.index_server import Index, serve

from tidegate.errors import DigestMismatch, LockError, NetworkError
from tidegate.oci.digest import Digest
from tidegate.packages.download import Cache, Wanted, fetch, fetch_all
from tidegate.transport.http import NO_RETRY, Transport

TRANSPORT = Transport({}, retry=NO_RETRY)
DATA = b"x" * 100_000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Index]:
    """A server with one file."""
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "file").write_bytes(DATA)
    with serve(Index(tmp_path / "served")) as index:
        yield index


def wanted(*urls: str, data: bytes = DATA) -> Wanted:
    return Wanted("package a 1.0", Digest.of(data), len(data), urls)


def test_the_first_place_that_has_it_is_taken(server: Index, tmp_path: Path) -> None:
    """Places that don't have it, or don't answer, are passed over."""
    urls = ["http://127.0.0.1:9/file", f"{server.address}/files/nosuch", f"{server.address}/files/file"]
    assert fetch(wanted(*urls), tmp_path / "got", TRANSPORT).read_bytes() == DATA


def test_a_file_that_is_nowhere_says_how_to_lock_anew(server: Index, tmp_path: Path) -> None:
    """With its name."""
    with pytest.raises(LockError, match=r"package a 1\.0") as caught:
        fetch(wanted(f"{server.address}/files/nosuch"), tmp_path / "got", TRANSPORT)
    assert "tidegate lock --upgrade" in caught.value.hint
    assert caught.value.exit_code == 2


def test_a_place_that_does_not_answer_is_not_called_gone(server: Index, tmp_path: Path) -> None:
    """It may have the file: nobody should lock anew for a broken network."""
    urls = ["http://127.0.0.1:9/file", f"{server.address}/files/nosuch"]
    with pytest.raises(NetworkError):
        fetch(wanted(*urls), tmp_path / "got", TRANSPORT)


def test_other_bytes_never_reach_the_cache(server: Index, tmp_path: Path) -> None:
    """The digest decides."""
    other = b"y" * len(DATA)
    with pytest.raises(DigestMismatch):
        fetch(wanted(f"{server.address}/files/file", data=other), tmp_path / "got", TRANSPORT)
    assert [path.name for path in tmp_path.iterdir()] == ["served"]


def test_many_files_come_and_the_first_failure_is_raised(server: Index, tmp_path: Path) -> None:
    """Files that came stay for the next time."""
    good = wanted(f"{server.address}/files/file")
    cache = Cache(tmp_path / "cache")
    fetch_all([(good, tmp_path / "got" / str(number)) for number in range(20)], TRANSPORT)
    assert len(list((tmp_path / "got").iterdir())) == 20
    target = cache.path(good.digest, "file")
    with pytest.raises(LockError):
        fetch_all([(good, target), (wanted(f"{server.address}/files/nosuch"), tmp_path / "no")], TRANSPORT)


def test_a_cached_file_is_told_by_name_and_size(tmp_path: Path) -> None:
    """A file cut off by hand is fetched again."""
    cache = Cache(tmp_path)
    path = cache.path(Digest.of(DATA), "a.whl")
    assert not cache.has(Digest.of(DATA), "a.whl", len(DATA))
    path.parent.mkdir(parents=True)
    path.write_bytes(DATA)
    assert cache.has(Digest.of(DATA), "a.whl", len(DATA))
    assert not cache.has(Digest.of(DATA), "a.whl", len(DATA) + 1)
