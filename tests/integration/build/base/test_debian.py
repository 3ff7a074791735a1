from __future__ import annotations

from pathlib import Path

from tests.integration.build.models import Place, write_model

from tidegate.build.base import debian
from tidegate.oci.layer import decompress, read_layer


def test_packages_become_one_layer(tmp_path: Path) -> None:
    """With what their files need around them, and dpkg's database of what is there."""
    place = Place(tmp_path / "home")
    packages = place.lock(write_model(tmp_path / "model")).platform("linux/amd64").debian
    new = debian.make(packages, place.sources.debian, place.space.layers)
    with decompress(place.store.open_blob(new.layer.descriptor.digest), "gzip") as stream:
        paths = {entry.path for entry, _ in read_layer(stream, "here")}
    assert {"usr/bin/python3.11", "tmp", "etc/passwd", "var/lib/dpkg/status"} <= paths
    assert new.reason == "Debian packages (1)"


def test_unchanged_packages_are_not_fetched(tmp_path: Path) -> None:
    """The layer is remembered by the lock's entries."""
    place = Place(tmp_path / "home")
    packages = place.lock(write_model(tmp_path / "model")).platform("linux/amd64").debian
    debian.make(packages, place.sources.debian, place.space.layers)
    place.asked.clear()
    assert debian.make(packages, place.sources.debian, place.space.layers).reused
    assert place.asked == []
