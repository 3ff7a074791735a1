from __future__ import annotations

from pathlib import Path

import pytest

from tidegate.errors import ContentError
from tidegate.registry.storage.disk import Disk
from tidegate.registry.users import ADMIN, PasswordHash, Users, make_admin


def test_a_password_matches_itself_alone() -> None:
    """A hash accepts its password and no other one."""
    stored = PasswordHash.of("correct horse")
    assert stored.matches("correct horse")
    assert not stored.matches("correct horse ")
    assert not stored.matches("")


def test_equal_passwords_have_different_hashes() -> None:
    """Each hash has its own salt."""
    assert PasswordHash.of("same").hash != PasswordHash.of("same").hash


def test_the_administrator_can_log_in_after_a_restart(tmp_path: Path) -> None:
    """The password that was told once is right for the users that are loaded from disk, and not itself there."""
    password = make_admin(Disk(tmp_path))
    users = Users.load(tmp_path)
    assert users.check(ADMIN, password)
    assert not users.check(ADMIN, password + "x")
    assert not users.check("somebody", password)
    assert password not in (tmp_path / "users.json").read_text()
    assert (tmp_path / "users.json").stat().st_mode & 0o077 == 0


def test_without_a_file_there_are_no_users(tmp_path: Path) -> None:
    """A fresh data folder has no users, and nobody's password is right."""
    assert not Users.load(tmp_path).users
    assert not Users.load(tmp_path).check(ADMIN, "")


def test_a_broken_file_is_not_taken_for_no_users(tmp_path: Path) -> None:
    """A users file that can't be read stops the registry, and never opens it to all."""
    (tmp_path / "users.json").write_bytes(b"")
    with pytest.raises(ContentError, match=r"users\.json"):
        Users.load(tmp_path)
