"""Telling a Git LFS pointer from the file it stands for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tidegate.vcs.pointer import is_lfs_pointer

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 12345\n"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (POINTER, True),
        (POINTER.replace(b"\noid", b"\next-0-foo sha256:" + b"b" * 64 + b"\noid"), True),
        (b"", False),
        (b"version https://git-lfs.github.com/spec/v1\n", False),
        (b"\x80\x04" + POINTER, False),
        (b"version 2\noid sha256:" + b"a" * 64, False),
    ],
)
def test_a_pointer_is_told_by_its_lines(tmp_path: Path, data: bytes, expected: bool) -> None:
    """The specification's version line and an oid make a pointer."""
    path = tmp_path / "model.bin"
    path.write_bytes(data)
    assert is_lfs_pointer(path) is expected
