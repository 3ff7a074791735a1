from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tidegate.errors import StorageError
from tidegate.registry.storage.disk import Disk, guarded, is_full, names


def test_a_written_file_is_there_with_its_folders(tmp_path: Path) -> None:
    """Writing makes the folders on the way and leaves no temporary file."""
    Disk(tmp_path).write(tmp_path / "a" / "b" / "file", b"content")
    assert (tmp_path / "a" / "b" / "file").read_bytes() == b"content"
    assert names(tmp_path / "tmp") == []


def test_what_is_not_published_leaves_nothing(tmp_path: Path) -> None:
    """When the writer fails half-way, no file appears and none is left over."""
    disk = Disk(tmp_path)

    def fail() -> None:
        with disk.scratch() as stream:
            stream.write(b"half")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(StorageError) as caught:
        fail()
    assert is_full(caught.value)
    assert names(tmp_path / "tmp") == []


def test_folders_removed_behind_its_back_are_made_again(tmp_path: Path) -> None:
    """A folder that it made before and somebody removed is no obstacle."""
    disk = Disk(tmp_path)
    disk.write(tmp_path / "a" / "file", b"1")
    (tmp_path / "a" / "file").unlink()
    (tmp_path / "a").rmdir()
    disk.write(tmp_path / "a" / "file", b"2")
    assert (tmp_path / "a" / "file").read_bytes() == b"2"


def test_other_failures_are_not_want_of_space(tmp_path: Path) -> None:
    """Only a full disk or quota counts as full; the message names the path."""
    with pytest.raises(StorageError, match="missing") as caught, guarded(tmp_path):
        (tmp_path / "missing").read_bytes()
    assert not is_full(caught.value)


def test_removing_says_whether_it_was_there(tmp_path: Path) -> None:
    """Removing twice is no error."""
    disk = Disk(tmp_path)
    disk.write(tmp_path / "file", b"")
    assert disk.remove(tmp_path / "file")
    assert not disk.remove(tmp_path / "file")


def test_old_leftovers_go_and_young_ones_stay(tmp_path: Path) -> None:
    """Only temporary files last written before the given time are removed."""
    disk = Disk(tmp_path)
    disk.folder(tmp_path / "tmp")
    for name, time in (("old", 1000.0), ("young", 3000.0)):
        (tmp_path / "tmp" / name).touch()
        os.utime(tmp_path / "tmp" / name, (time, time))
    disk.forget_scratch(2000.0)
    assert names(tmp_path / "tmp") == ["young"]
