from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tidegate.errors import ContentError, StorageError
from tidegate.oci import media_types
from tidegate.oci.manifest import Index, encode
from tidegate.registry.storage.store import Storage, read_marker


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet="ab./_-A:\0\n %", max_size=20) | st.text(max_size=300))
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    """A repository name is refused, or a folder of its own below the data folder."""
    storage = Storage.open(tmp_path / "data")
    try:
        path = storage.repository(name).path
    except ContentError:
        return
    top = storage.root / "repositories"
    assert path.resolve().relative_to(top).parts == tuple(name.split("/"))
    assert not any(part.startswith("_") for part in path.relative_to(top).parts)


def test_repositories_are_those_with_content(tmp_path: Path) -> None:
    """Nested names are listed apart; one that was only uploaded to is not listed."""
    storage = Storage.open(tmp_path / "data")
    index = encode(Index(schema_version=2, media_type=media_types.INDEX, manifests=()))
    for name in ("b", "a/x", "a"):
        storage.repository(name).put_manifest(index, media_types.INDEX, "1")
    storage.uploads.start(storage.repository("empty").path)
    assert storage.repositories() == ["a", "a/x", "b"]


def test_the_folder_keeps_its_identity(tmp_path: Path) -> None:
    """Opening again finds the same random name; two folders have two."""
    first, again, other = (Storage.open(tmp_path / name) for name in ("a", "a", "b"))
    assert first.id == again.id != other.id
    marker = read_marker(tmp_path / "a")
    assert marker is not None
    assert marker.id == first.id


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    """A folder that holds something else is refused, and nothing is put into it."""
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(ContentError, match="not empty"):
        Storage.open(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    """A data folder of a newer Tidegate isn't touched by this one."""
    (tmp_path / "registry.json").write_bytes(b'{"format":2,"id":"x"}')
    with pytest.raises(ContentError, match="format 2"):
        Storage.open(tmp_path)


def test_a_file_is_no_data_folder(tmp_path: Path) -> None:
    """A path that can't be a folder is an error of the disk that names it."""
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="file"):
        Storage.open(tmp_path / "file")


def test_one_server_at_a_time(tmp_path: Path) -> None:
    """While one serves the folder another one is refused; afterwards it may."""
    with Storage.open(tmp_path / "data").served(), pytest.raises(StorageError, match="another registry"):
        Storage.open(tmp_path / "data").served().__enter__()
    with Storage.open(tmp_path / "data").served():
        pass
