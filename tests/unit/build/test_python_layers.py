from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.packages import builders

from tidegate.build import python_layers
from tidegate.build.layer_cache import LayerCache
from tidegate.build.python import Python
from tidegate.build.python_layers import LARGE, MOST_LARGE, groups
from tidegate.errors import ContentError
from tidegate.oci.descriptor import Platform
from tidegate.oci.layer import decompress, read_layer
from tidegate.oci.layout import Layout
from tidegate.packages.target import Target
from tidegate.packages.wheel import debian_paths
from tidegate.project.lock import PythonPackage

PYTHON = Python("3.11", debian_paths("3.11"))
AMD = Platform.parse("linux/amd64")


def package(name: str, size: int = 1000, file: str = "") -> PythonPackage:
    return PythonPackage(
        name=name, version="1.0", file=file or f"{name}-1.0-py3-none-any.whl", size=size, sha256="0" * 64
    )


def test_large_wheels_get_a_layer_each_and_the_small_ones_share_the_last() -> None:
    """torch is pushed once for all models; what changes the most lies on top."""
    found = groups([package("torch", LARGE), package("b"), package("nvidia", 2 * LARGE), package("a")])
    assert [[p.name for p in group] for group in found] == [["nvidia"], ["torch"], ["a", "b"]]


@given(st.lists(st.integers(1, 10 * LARGE), max_size=60))
def test_every_package_is_in_one_layer_whatever_the_order(sizes: list[int]) -> None:
    """The groups depend on the packages alone, and there are never too many."""
    packages = [package(f"p{number}", size) for number, size in enumerate(sizes)]
    found = groups(packages)
    assert sorted(p.name for group in found for p in group) == sorted(p.name for p in packages)
    assert len(found) <= MOST_LARGE + 1
    assert groups(packages[::-1]) == found


def make(tmp_path: Path, *paths: Path) -> list[list[str]]:
    store = Layout(tmp_path / "store")
    packages = [package(path.name.partition("-")[0], file=path.name) for path in paths]

    def fetch(wanted: Sequence[PythonPackage], python: str, /) -> Sequence[Path]:
        assert (list(wanted), python) == (packages, "3.11")
        return paths

    made = python_layers.make(packages, PYTHON, Target("3.11", AMD), fetch, LayerCache(tmp_path / "cache", store))
    found = []
    for new in made:
        with decompress(store.open_blob(new.layer.descriptor.digest), "gzip") as stream:
            found.append([entry.path for entry, _ in read_layer(stream, "here") if entry.kind == "file"])
    return found


def test_wheels_are_unpacked_where_python_looks(tmp_path: Path) -> None:
    """Modules and metadata in dist-packages, scripts in bin; a file of two wheels comes once."""
    shared = {"shared/__init__.py": b""}
    one = builders.wheel(tmp_path, "one", {**shared, "one.py": b"1"}, entry_points="[console_scripts]\nrun = one:run\n")
    two = builders.wheel(tmp_path, "two", {**shared, "two.py": b"2"})
    (files,) = make(tmp_path, one, two)
    site = "usr/local/lib/python3.11/dist-packages"
    assert len(files) == len(set(files))
    assert {"usr/local/bin/run", f"{site}/one.py", f"{site}/two.py", f"{site}/shared/__init__.py"} <= set(files)


def test_colliding_wheels_are_refused(tmp_path: Path) -> None:
    """Neither file silently wins."""
    one = builders.wheel(tmp_path, "one", {"same.py": b"1"})
    two = builders.wheel(tmp_path, "two", {"same.py": b"2"})
    with pytest.raises(ContentError, match=r"same\.py"):
        make(tmp_path, one, two)


def test_wheel_for_another_platform_is_refused(tmp_path: Path) -> None:
    """A lock that lies doesn't make a broken image."""
    with pytest.raises(ContentError, match="another platform"):
        make(tmp_path, builders.wheel(tmp_path, "one", tag="cp311-cp311-manylinux_2_17_aarch64"))
