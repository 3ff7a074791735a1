"""The image's user by the image's own files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tidegate.errors import ContentError
from tidegate.runtime.interface import User
from tidegate.runtime.users import resolve


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with one user and one group."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("broken\nmodel:x:65532:100::/home/model:/bin/sh\n")
    (tmp_path / "etc/group").write_text("staff:x:50:\n")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "user", "home"),
    [
        ("", User(0, 0), "/"),
        ("model", User(65532, 100), "/home/model"),
        ("65532", User(65532, 100), "/home/model"),
        ("65532:0", User(65532, 0), "/home/model"),
        ("model:staff", User(65532, 50), "/home/model"),
        ("1000:1001", User(1000, 1001), "/"),
    ],
)
def test_users(root: Path, text: str, user: User, home: str) -> None:
    """Names and numbers, with and without a group."""
    assert resolve(root, text) == (user, home)


@pytest.mark.parametrize("text", ["nobody", "model:nogroup", "99999999999", "-1"])
def test_unknown(root: Path, text: str) -> None:
    """A user that the image doesn't know is named."""
    with pytest.raises(ContentError, match=text):
        resolve(root, text)


def test_link_out_of_root(root: Path) -> None:
    """This machine's own passwd file is never asked."""
    (root / "etc/passwd").unlink()
    (root / "etc/passwd").symlink_to("/etc/passwd")
    with pytest.raises(ContentError, match="root"):
        resolve(root, "root")
