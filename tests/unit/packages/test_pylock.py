"""Reading pylock.toml."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.errors import ConfigError, LockError
from tidegate.oci.descriptor import Platform
from tidegate.packages import pylock
from tidegate.packages.target import Target

AMD = Target("3.11", Platform.parse("linux/amd64"))
ARM = Target("3.11", Platform.parse("linux/arm64"))
URL = "https://packages.acme.example/files"


def document(*packages: str) -> pylock.Pylock:
    text = 'lock-version = "1.0"\ncreated-by = "test"\n' + "".join(f"[[packages]]\n{package}\n" for package in packages)
    return pylock.parse(text.encode(), "pylock.toml")


def package(name: str, *files: str, marker: str = "") -> str:
    wheels = ", ".join(f'{{ url = "{URL}/{file}", size = 1, hashes = {{ sha256 = "00" }} }}' for file in files)
    condition = f'marker = "{marker}"\n' if marker else ""
    return f'name = "{name}"\nversion = "1.0"\n{condition}wheels = [{wheels}]'


def chosen(target: Target, *packages: str) -> list[str]:
    return [choice.wheel.file for choice in pylock.choose(document(*packages), target, "pylock.toml")]


def test_each_platform_gets_its_best_wheel() -> None:
    """From one file for all."""
    files = [
        "a-1.0-py3-none-any.whl",
        "a-1.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "a-1.0-cp311-cp311-manylinux_2_28_x86_64.whl",
        "a-1.0-cp311-cp311-manylinux_2_38_x86_64.whl",
        "a-1.0-cp311-cp311-manylinux_2_28_aarch64.whl",
        "a-1.0-cp312-cp312-manylinux_2_28_aarch64.whl",
    ]
    assert chosen(AMD, package("a", *files)) == [files[2]]
    assert chosen(ARM, package("a", *files)) == [files[4]]


@pytest.mark.parametrize(
    ("requires", "fits"), [(">=3.11", True), (">=3.11.4", True), (">=3.12", False), ("<3.11", False)]
)
def test_a_lock_for_another_python_is_refused(requires: str, fits: bool) -> None:
    """Naming both."""
    text = (
        f'lock-version = "1.0"\nrequires-python = "{requires}"\n[[packages]]\n{package("a", "a-1.0-py3-none-any.whl")}'
    )
    found = pylock.parse(text.encode(), "pylock.toml")
    if fits:
        assert pylock.choose(found, AMD, "pylock.toml")
    else:
        with pytest.raises(ConfigError, match=rf"for Python {requires}, the image has 3\.11"):
            pylock.choose(found, AMD, "pylock.toml")


def test_the_higher_build_number_wins() -> None:
    """Among equal tags."""
    files = ["a-1.0-1-py3-none-any.whl", "a-1.0-2-py3-none-any.whl", "a-1.0-py3-none-any.whl"]
    assert chosen(AMD, package("a", *files)) == [files[1]]


def test_markers_leave_packages_out() -> None:
    """By the target's environment; pylock.toml's own variables are known and empty."""
    assert chosen(
        ARM,
        package("a", "a-1.0-py3-none-any.whl", marker="platform_machine == 'aarch64'"),
        package("b", "b-1.0-py3-none-any.whl", marker="sys_platform == 'win32'"),
        package("c", "c-1.0-py3-none-any.whl", marker="'dev' in dependency_groups or 'x' in extras"),
    ) == ["a-1.0-py3-none-any.whl"]


def test_a_package_without_a_wheel_is_named_with_the_platform() -> None:
    """And the Python."""
    with pytest.raises(LockError, match=r"^b 1\.0: there is no wheel for Python 3\.11 on linux/arm64"):
        chosen(ARM, package("a", "a-1.0-py3-none-any.whl"), package("b", "b-1.0-cp311-cp311-win_amd64.whl"))


@pytest.mark.parametrize(
    "source", ['vcs = { type = "git", url = "x" }', 'directory = { path = "x" }', 'archive = { url = "x" }']
)
def test_what_is_not_from_an_index_is_refused(source: str) -> None:
    """Whatever uv or another tool made of it."""
    with pytest.raises(ConfigError, match=r"a comes from .*, not from an index"):
        chosen(AMD, f'name = "a"\n{source}')


def test_the_same_package_twice_is_refused() -> None:
    """When both are for the target."""
    with pytest.raises(ConfigError, match="twice"):
        chosen(AMD, package("a", "a-1.0-py3-none-any.whl"), package("a", "a-1.0-py3-none-any.whl"))


@pytest.mark.parametrize(
    "text", ["x = ", "", 'lock-version = "2.0"', 'lock-version = "1.0"\n[[packages]]\nversion = "1"', "\x00"]
)
def test_another_document_is_one_clear_error(text: str) -> None:
    """That names the file."""
    with pytest.raises(ConfigError, match=r"pylock\.toml"):
        pylock.parse(text.encode(), "pylock.toml")


def test_a_broken_marker_is_one_clear_error() -> None:
    """That names the package."""
    with pytest.raises(ConfigError, match="a: "):
        chosen(AMD, package("a", "a-1.0-py3-none-any.whl", marker="nonsense here"))


def test_files_are_named_by_their_address() -> None:
    """Unquoted, without its query."""
    artifact = pylock.Artifact(url=f"{URL}/torch-2.5.1%2Bcpu-cp311-cp311-linux_x86_64.whl?sig=x#sha256=0")
    assert artifact.file == "torch-2.5.1+cpu-cp311-cp311-linux_x86_64.whl"


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Nothing but ConfigError."""
    with contextlib.suppress(ConfigError):
        pylock.parse(data, "pylock.toml")
