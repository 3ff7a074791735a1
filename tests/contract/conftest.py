"""The stores that the contract holds for, each empty and fresh."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.servers import docker_registry, embedded_registry, open_remote

from tidegate.oci.layout import Layout
from tidegate.oci.local import LocalStore
from tidegate.oci.store import ContentStore
from tidegate.registry.storage.store import Storage


@pytest.fixture(scope="session")
def docker_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Debian's docker-registry, which has no referrers API."""
    with docker_registry(tmp_path_factory.mktemp("docker-registry")) as server:
        yield server.address


@pytest.fixture(scope="session")
def embedded_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Tidegate's own registry."""
    with embedded_registry(tmp_path_factory.mktemp("embedded")) as server:
        yield server.address


@pytest.fixture(
    params=[
        "layout",
        "local",
        pytest.param("docker-registry", marks=pytest.mark.needs("docker-registry")),
        "embedded-registry",
        "embedded-storage",
    ]
)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ContentStore:
    """An empty content store of each kind."""
    return _STORES[request.param](request, tmp_path)


def _remote(fixture: str) -> Callable[[pytest.FixtureRequest, Path], ContentStore]:
    def make(request: pytest.FixtureRequest, tmp_path: Path) -> ContentStore:
        return open_remote(request.getfixturevalue(fixture), f"contract/{tmp_path.name.lower().replace('_', '-')}")

    return make


_STORES: dict[str, Callable[[pytest.FixtureRequest, Path], ContentStore]] = {
    "layout": lambda _, path: Layout(path / "layout"),
    "local": lambda _, path: LocalStore(path / "local"),
    "docker-registry": _remote("docker_address"),
    "embedded-registry": _remote("embedded_address"),
    "embedded-storage": lambda _, path: Storage.open(path / "storage").repository("contract/one"),
}
