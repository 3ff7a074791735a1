from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tidegate.advisories.store import AdvisoryStore
from tidegate.errors import ContentError, StorageError

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def record(
    name: str, package: str = "x", ecosystem: str = "PyPI", modified: str = "2026-04-30T00:00:00Z", **more: object
) -> bytes:
    affected = [{"package": {"ecosystem": ecosystem, "name": package}, "versions": ["1.0"]}]
    return json.dumps({"id": name, "modified": modified, "affected": affected, **more}).encode()


@pytest.fixture
def store(tmp_path: Path) -> AdvisoryStore:
    return AdvisoryStore(tmp_path / "advisories")


def test_nothing_is_there_at_first(store: AdvisoryStore) -> None:
    """And asking makes nothing."""
    assert store.sources() == ()
    assert store.lookup("PyPI", "x") == ()
    assert not store.path.parent.exists()


def test_records_are_found_by_normalised_name(store: AdvisoryStore) -> None:
    """Withdrawn ones are not."""
    store.replace([record("A", "Foo_Bar"), record("B", "foo.bar", withdrawn="2026-01-01T00:00:00Z")], "s", NOW)
    assert [item.id for item in store.lookup("PyPI", "FOO-bar")] == ["A"]


def test_an_update_replaces_its_ecosystem_only(store: AdvisoryStore) -> None:
    """Two dumps, two ecosystems, one file."""
    store.replace([record("A")], "pypi", NOW)
    store.replace([record("D", ecosystem="Debian:12")], "debian", NOW)
    store.replace([record("B")], "pypi-2", NOW)
    assert [item.id for item in store.lookup("PyPI", "x")] == ["B"]
    assert [item.id for item in store.lookup("Debian:12", "x")] == ["D"]
    assert {source.family: source.name for source in store.sources()} == {"PyPI": "pypi-2", "Debian": "debian"}


def test_a_dump_without_anything_keeps_what_was_there(store: AdvisoryStore) -> None:
    """Nor does one that is mostly unreadable, or that breaks off, leave anything behind."""
    store.replace([record("A")], "s", NOW)
    for bad in ([record("N", ecosystem="npm")], [b"x"] * 3 + [record("B")], []):
        with pytest.raises(ContentError):
            store.replace(bad, "s", NOW)
    assert [item.id for item in store.lookup("PyPI", "x")] == ["A"]
    assert sorted(path.name for path in store.path.parent.iterdir()) == ["osv.lock", "osv.sqlite"]


def test_a_few_unreadable_records_are_counted(store: AdvisoryStore) -> None:
    """They don't stop an update."""
    (source,) = store.replace([*(record(f"A{n}") for n in range(99)), b"{}"], "s", NOW)
    assert (source.records, source.unreadable) == (99, 1)


def test_the_age_is_that_of_the_newest_record(store: AdvisoryStore) -> None:
    """An old dump taken in today is old, and a time in the future doesn't make it new."""
    modified = ["2026-04-21T00:00:00Z", "2030-01-01T00:00:00Z", "nonsense"]
    (source,) = store.replace([record(f"A{n}", modified=text) for n, text in enumerate(modified)], "s", NOW)
    assert source.age_from(NOW) == timedelta(days=10).total_seconds()
    assert source.age_from(NOW + timedelta(days=1)) == timedelta(days=11).total_seconds()


@pytest.mark.parametrize("damage", [b"", b"not a database" * 100])
def test_a_damaged_file_is_one_error_and_an_update_mends_it(store: AdvisoryStore, damage: bytes) -> None:
    """The error says how."""
    store.path.parent.mkdir()
    store.path.write_bytes(damage)
    with pytest.raises(StorageError) as caught:
        store.sources()
    assert "advisories update" in caught.value.hint
    store.replace([record("A")], "s", NOW)
    assert len(store.sources()) == 1


def test_another_version_is_refused(store: AdvisoryStore) -> None:
    """Rather than read wrongly."""
    store.replace([record("A")], "s", NOW)
    with sqlite3.connect(store.path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StorageError, match="another version"):
        store.lookup("PyPI", "x")


def test_only_the_asked_ecosystems_are_taken_in(store: AdvisoryStore) -> None:
    """Of a dump with several."""
    store.replace([record("A"), record("D", ecosystem="Debian:12")], "s", NOW, ["Debian"])
    assert [source.family for source in store.sources()] == ["Debian"]
