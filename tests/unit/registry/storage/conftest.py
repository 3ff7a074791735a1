"""A registry's storage with one repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from tidegate.registry.storage.repository import StoredRepository
from tidegate.registry.storage.store import Storage


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage.open(tmp_path / "data")


@pytest.fixture
def repository(storage: Storage) -> StoredRepository:
    return storage.repository("acme/digits")
