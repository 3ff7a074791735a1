from __future__ import annotations

import pytest

from tidegate.build.contents import Item
from tidegate.build.filesystem import Filesystem
from tidegate.build.python import Python, check_installed, find, require
from tidegate.errors import ConfigError
from tidegate.oci.layer import DIRECTORY, FILE, SYMLINK


def image(*paths: str | tuple[str, str]) -> Filesystem:
    items = [Item(p, FILE) if isinstance(p, str) else Item(p[0], SYMLINK, p[1]) for p in paths]
    return Filesystem([(Item("usr/bin", DIRECTORY), *items)])


DEBIAN = image("usr/bin/python3.11", ("usr/bin/python3", "python3.11"), "etc/debian_version")
OFFICIAL = image("usr/local/bin/python3.12", ("usr/local/bin/python3", "python3.12"), "etc/debian_version")
CONDA = image("opt/conda/bin/python3.10", ("opt/conda/bin/python3", "python3.10"))
VENV = image(
    "usr/bin/python3.11", ("usr/bin/python3", "python3.11"), ("opt/venv/bin/python3", "/usr/bin/python3"),
    "opt/venv/pyvenv.cfg",
)  # fmt: skip


@pytest.mark.parametrize(
    ("files", "path", "version", "library", "interpreter"),
    [
        (DEBIAN, "", "3.11", "/usr/local/lib/python3.11/dist-packages", "/usr/bin/python3"),
        (OFFICIAL, "", "3.12", "/usr/local/lib/python3.12/site-packages", "/usr/local/bin/python3.12"),
        (CONDA, "/opt/conda/bin:/bin", "3.10", "/opt/conda/lib/python3.10/site-packages", "/opt/conda/bin/python3.10"),
        (VENV, "/opt/venv/bin:/usr/bin", "3.11", "/opt/venv/lib/python3.11/site-packages", "/opt/venv/bin/python3"),
    ],
)
def test_python_is_found_by_looking(files: Filesystem, path: str, version: str, library: str, interpreter: str) -> None:
    """Debian's, the official image's, conda's, and a virtual environment."""
    found = find(files, [f"PATH={path}"] if path else [])
    assert found is not None
    assert (found.version, found.paths.library, found.paths.interpreter) == (version, library, interpreter)


def test_no_python_is_none() -> None:
    """A Python that isn't on PATH isn't the image's Python."""
    assert find(CONDA, []) is None
    assert find(image(), []) is None


def debian() -> Python:
    found = find(DEBIAN, [])
    assert found is not None
    return found


@pytest.mark.parametrize(("found", "asked"), [(None, "3.11"), (debian(), "3.12")])
def test_other_python_than_asked_for_is_refused(found: Python | None, asked: str) -> None:
    """build.python is a check against the base."""
    with pytest.raises(ConfigError, match="python"):
        require(found, asked)


@pytest.mark.parametrize(("found", "asked"), [(None, None), (debian(), None), (debian(), "3.11")])
def test_fitting_python_passes(found: Python | None, asked: str | None) -> None:
    """Nothing asked for is nothing checked."""
    require(found, asked)


def test_package_that_the_base_has_is_refused() -> None:
    """Two versions of a package in one folder are neither of them."""
    files = image("usr/local/lib/python3.11/dist-packages/My_Package-1.0.dist-info/RECORD")
    with pytest.raises(ConfigError, match=r"my-package 1\.0"):
        check_installed(files, debian(), ["numpy", "my.package"])
    check_installed(files, debian(), ["numpy"])
