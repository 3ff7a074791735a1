"""The standard annotations."""

from __future__ import annotations

from datetime import timedelta, timezone

import msgspec
from tests.unit.trace.samples import COMMIT, CONFIG, LOCK, NOON

from tidegate.project.config import Model
from tidegate.project.lock import LockedBase
from tidegate.trace.annotations import standard, timestamp


def test_they_come_from_commit_lock_and_configuration() -> None:
    """Nothing that differs between two machines is among them."""
    assert standard(CONFIG, LOCK, COMMIT, NOON) == {
        "org.opencontainers.image.base.digest": "sha256:" + "2" * 64,
        "org.opencontainers.image.base.name": "registry.acme.example/python:3.12",
        "org.opencontainers.image.created": "2026-03-04T12:00:00Z",
        "org.opencontainers.image.licenses": "Apache-2.0",
        "org.opencontainers.image.revision": COMMIT,
        "org.opencontainers.image.source": "https://git.acme.example/digits",
        "org.opencontainers.image.title": "digits",
        "org.opencontainers.image.version": "1.4.0",
    }


def test_what_is_not_configured_is_left_out() -> None:
    """No empty values, and no base name that no registry has."""
    config = msgspec.structs.replace(CONFIG, model=Model(name="digits"))
    lock = msgspec.structs.replace(LOCK, base=LockedBase(kind="debian", reference="bookworm"))
    assert {key.rpartition("image.")[2] for key in standard(config, lock, COMMIT, NOON)} == {
        *("created", "revision", "title")
    }


def test_a_dirty_work_tree_is_not_its_commit() -> None:
    """A tool that reads only the revision must not be told a commit that it isn't."""
    found = standard(CONFIG, None, COMMIT, NOON, dirty=True)
    assert found["org.opencontainers.image.revision"] == f"{COMMIT}-dirty"
    assert found["dev.tidegate.dirty"] == "true"


def test_times_are_in_utc() -> None:
    """A time zone of the machine does not reach the image."""
    assert timestamp(NOON.astimezone(timezone(timedelta(hours=5)))) == "2026-03-04T12:00:00Z"
