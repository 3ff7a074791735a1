"""Locking and fetching Python packages through uv and an index."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.packages.index_server import Index, serve
from tests.unit.packages.builders import wheel

from tidegate.errors import ConfigError, LockError, NetworkError
from tidegate.oci.descriptor import Platform
from tidegate.packages.indexes import Indexes
from tidegate.packages.python import PythonPackages
from tidegate.packages.target import Target
from tidegate.project.config import PackageIndex, Secret
from tidegate.transport.http import NO_RETRY, Transport

AMD = Target("3.11", Platform.parse("linux/amd64"))
ARM = Target("3.11", Platform.parse("linux/arm64"))
ARM_TAG = "cp311-cp311-manylinux_2_28_aarch64"


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    """An index with `app`, which needs `lib`, and `lib` in two versions."""
    folder = tmp_path / "index"
    folder.mkdir()
    wheel(folder, "app", requires=["lib", 'other; sys_platform == "win32"'])
    wheel(folder, "lib", version="1.0")
    wheel(folder, "lib", version="2.0")
    with serve(Index(folder)) as served:
        yield served


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    path = tmp_path / "requirements.txt"
    path.write_text("app\n")
    return path


def packages(index: Index, folder: Path, environ: dict[str, str] | None = None) -> PythonPackages:
    """With the index as the environment's default."""
    return connect(Indexes((), {"PIP_INDEX_URL": index.url, "PATH": os.defpath, **(environ or {})}), folder)


def connect(indexes: Indexes, folder: Path) -> PythonPackages:
    return PythonPackages(indexes, folder / "cache", Transport({}, retry=NO_RETRY))


@pytest.mark.parametrize("as_json", [True, False])
def test_requirements_are_locked_and_fetched(index: Index, requirements: Path, tmp_path: Path, as_json: bool) -> None:
    """From an index that lists sizes, and from one that doesn't."""
    index.as_json = as_json
    python = packages(index, tmp_path)
    locked = python.resolve(requirements, ARM)
    assert [(package.name, package.version, package.index) for package in locked] == [
        ("app", "1.0", None),
        ("lib", "2.0", None),
    ]
    paths = python.fetch(locked, "3.11")
    assert [path.read_bytes() for path in paths] == [(index.folder / package.file).read_bytes() for package in locked]
    assert [path.stat().st_size for path in paths] == [package.size for package in locked]


def test_what_is_in_the_cache_needs_no_index(index: Index, requirements: Path, tmp_path: Path) -> None:
    """Not even a question."""
    python = packages(index, tmp_path)
    locked = python.resolve(requirements, ARM)
    python.fetch(locked, "3.11")
    index.asked.clear()
    python.fetch(locked, "3.11")
    assert index.asked == []


def test_a_locked_wheel_is_found_though_a_better_one_came(index: Index, requirements: Path, tmp_path: Path) -> None:
    """The lock says which file, not the tags."""
    locked = packages(index, tmp_path).resolve(requirements, ARM)
    wheel(index.folder, "lib", version="2.0", tag="cp311-none-any")
    (_, path) = packages(index, tmp_path / "elsewhere").fetch(locked, "3.11")
    assert path.name == "lib-2.0-py3-none-any.whl"


def test_each_platform_gets_its_own_wheel(index: Index, requirements: Path, tmp_path: Path) -> None:
    """On whatever machine this runs."""
    wheel(index.folder, "lib", version="3.0", tag=ARM_TAG)
    python = packages(index, tmp_path)
    arm = python.resolve(requirements, ARM)
    assert [path.name for path in python.fetch(arm, "3.11")][1] == f"lib-3.0-{ARM_TAG}.whl"
    assert [package.file for package in python.resolve(requirements, AMD)][1] == "lib-2.0-py3-none-any.whl"


def test_pins_are_kept_until_an_upgrade(index: Index, requirements: Path, tmp_path: Path) -> None:
    """As long as they fit the requirements."""
    requirements.write_text("app\nlib<2\n")
    python = packages(index, tmp_path)
    old = python.resolve(requirements, ARM)
    requirements.write_text("app\n")
    assert python.resolve(requirements, ARM, previous=old) == old
    assert python.resolve(requirements, ARM, previous=old, upgrade=True)[1].version == "2.0"
    requirements.write_text("app\nlib>1\n")
    assert python.resolve(requirements, ARM, previous=old)[1].version == "2.0"


@pytest.mark.parametrize("left", [[], ["lib-2.0-py3-none-any.whl"]])
def test_a_wheel_that_left_its_index_says_how_to_lock_anew(
    index: Index, requirements: Path, tmp_path: Path, left: list[str]
) -> None:
    """Whether the file or the whole package is gone."""
    python = packages(index, tmp_path)
    locked = python.resolve(requirements, ARM)
    shutil.rmtree(tmp_path / "cache")
    for file in index.folder.glob("*.whl"):
        if file.name not in left:
            file.unlink()
    with pytest.raises(LockError, match="Python package app") as caught:
        python.fetch(locked, "3.11")
    assert "tidegate lock --upgrade" in caught.value.hint


def test_a_wheel_of_the_same_name_with_other_bytes_is_gone_too(
    index: Index, requirements: Path, tmp_path: Path
) -> None:
    """Another file took its place."""
    python = packages(index, tmp_path)
    locked = python.resolve(requirements, ARM)
    shutil.rmtree(tmp_path / "cache")
    wheel(index.folder, "lib", {"lib/other.py": b""}, version="2.0")
    with pytest.raises(LockError, match="Python package lib"):
        python.fetch(locked, "3.11")


def test_no_wheel_for_the_platform_is_named(index: Index, requirements: Path, tmp_path: Path) -> None:
    """With the package and the platform."""
    wheel(index.folder, "native", tag=ARM_TAG)
    requirements.write_text("native\n")
    with pytest.raises(LockError, match=r"native: there is no wheel for Python 3\.11 on linux/amd64"):
        packages(index, tmp_path).resolve(requirements, AMD)


def test_a_private_index_gets_its_secret_and_is_recorded(index: Index, requirements: Path, tmp_path: Path) -> None:
    """By its position; the default index answers for the rest."""
    private = tmp_path / "private"
    private.mkdir()
    (index.folder / "lib-1.0-py3-none-any.whl").rename(private / "lib-1.0-py3-none-any.whl")
    with serve(Index(private, login="ada:pa:ss")) as acme:
        configured = (PackageIndex(url=acme.url, auth=Secret(env="ACME_TOKEN")),)
        environ = {"PIP_INDEX_URL": index.url, "PATH": os.defpath}
        python = connect(Indexes(configured, {**environ, "ACME_TOKEN": "ada:pa:ss"}), tmp_path)
        locked = python.resolve(requirements, ARM)
        assert [(package.name, package.version, package.index) for package in locked] == [
            ("app", "1.0", None),
            ("lib", "1.0", 0),
        ]
        assert len(python.fetch(locked, "3.11")) == 2
        with pytest.raises(NetworkError) as caught:
            connect(Indexes(configured, {**environ, "ACME_TOKEN": "ada:wr0ng"}), tmp_path / "2").resolve(
                requirements, ARM
            )
    assert "wr0ng" not in str(caught.value)
    assert "build.indexes" in caught.value.hint


def test_an_index_that_does_not_answer_is_the_networks_fault(requirements: Path, tmp_path: Path) -> None:
    """With its address."""
    indexes = Indexes((), {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PATH": os.defpath, "UV_HTTP_RETRIES": "0"})
    with pytest.raises(NetworkError, match=r"127\.0\.0\.1:9"):
        connect(indexes, tmp_path).resolve(requirements, ARM)


def test_a_pyproject_is_locked(index: Index, tmp_path: Path) -> None:
    """By its dependencies, for the platform that markers are about."""
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "digits"\nversion = "1"\ndependencies = ["app; platform_machine == \'aarch64\'"]\n'
    )
    python = packages(index, tmp_path)
    assert [package.name for package in python.resolve(tmp_path / "pyproject.toml", ARM)] == ["app", "lib"]
    assert python.resolve(tmp_path / "pyproject.toml", AMD) == ()


def test_a_uv_lock_is_taken_as_it_is(index: Index, tmp_path: Path) -> None:
    """Though newer versions are there."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text(
        '[project]\nname = "digits"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["lib"]\n'
    )
    digest = hashlib.sha256((index.folder / "lib-1.0-py3-none-any.whl").read_bytes()).hexdigest()
    (project / "uv.lock").write_text(
        f"""version = 1
requires-python = ">=3.11"

[[package]]
name = "digits"
version = "1"
source = {{ virtual = "." }}
dependencies = [{{ name = "lib" }}]

[package.metadata]
requires-dist = [{{ name = "lib" }}]

[[package]]
name = "lib"
version = "1.0"
source = {{ registry = "{index.url}" }}
wheels = [{{ url = "{index.address}/files/lib-1.0-py3-none-any.whl", hash = "sha256:{digest}", size = 7 }}]
"""
    )
    (locked,) = packages(index, tmp_path).resolve(project / "uv.lock", ARM)
    assert (locked.name, locked.version, locked.size, locked.sha256) == ("lib", "1.0", 7, digest)


def test_a_lock_of_indexes_that_are_not_configured_is_refused(index: Index, tmp_path: Path) -> None:
    """With their addresses, before a build fails over it."""
    hashes = f'hashes = {{ sha256 = "{"a" * 64}" }}'
    wheels = f'[{{ url = "https://packages.acme.example/elsewhere-1.0-py3-none-any.whl", size = 1, {hashes} }}]'
    (tmp_path / "pylock.toml").write_text(
        f"""lock-version = "1.0"
[[packages]]
name = "elsewhere"
version = "1.0"
index = "https://packages.acme.example/simple"
wheels = {wheels}
"""
    )
    with pytest.raises(ConfigError, match=r"pylock\.toml: Python package elsewhere") as caught:
        packages(index, tmp_path).resolve(tmp_path / "pylock.toml", ARM)
    assert "https://packages.acme.example/simple" in caught.value.hint


@pytest.mark.parametrize("name", ["uv.lock", "pyproject.toml", "pylock.toml"])
def test_a_file_that_is_not_what_its_name_says_is_an_error(index: Index, tmp_path: Path, name: str) -> None:
    """That names it."""
    (tmp_path / name).write_text("= nonsense")
    with pytest.raises(ConfigError, match=name):
        packages(index, tmp_path).resolve(tmp_path / name, ARM)
