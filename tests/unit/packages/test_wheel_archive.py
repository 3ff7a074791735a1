"""A wheel's archive and its content on the way."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from installer.records import Hash
from tests.unit.packages.builders import wheel

from tidegate.errors import ContentError, StorageError
from tidegate.packages.wheel_archive import Checked, Source, open_archive


def digest_of(data: bytes) -> Hash:
    return Hash("sha256", base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("="))


@given(st.binary(max_size=2000), st.integers(1, 700))
def test_content_comes_through_unchanged(data: bytes, block: int) -> None:
    """In blocks of any size."""
    stream = Checked(io.BytesIO(data), "a", digest_of(data), len(data), "x.whl")
    parts = list(iter(lambda: stream.read(block), b""))
    assert b"".join(part for part in parts if part) == data


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_other_content_is_found_at_its_end(data: bytes, promised: bytes) -> None:
    """When the promised size has been read."""
    if data == promised or len(data) != len(promised):
        return
    with pytest.raises(ContentError, match=r"x\.whl: a is not what RECORD says"):
        Checked(io.BytesIO(data), "a", digest_of(promised), len(promised), "x.whl").readall()


def test_a_wheel_without_metadata_is_one_clear_error(tmp_path: Path) -> None:
    """That names it."""
    path = tmp_path / "a-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.py", "")
    with pytest.raises(ContentError, match=r"a-1\.0-py3-none-any\.whl"), open_archive(path) as opened:
        Source(opened)


def test_a_wheel_that_is_not_there_is_a_matter_of_the_disk(tmp_path: Path) -> None:
    """Not of the wheel."""
    with pytest.raises(StorageError, match="nosuch"), open_archive(tmp_path / "nosuch.whl"):
        pass


def test_members_of_a_wheel_are_known_by_name(tmp_path: Path) -> None:
    """With what RECORD says of them."""
    with open_archive(wheel(tmp_path)) as archive:
        source = Source(archive)
        assert source.records["sample/__init__.py"][2] == str(source.members["sample/__init__.py"].file_size)
