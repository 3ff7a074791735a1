from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tidegate.build import inputs
from tidegate.errors import ConfigError
from tidegate.project.config import Base, Build, Config, Limits, Model, PackageIndex, Secret, Test, Weights

CONFIG = Config(
    tidegate=1,
    model=Model(name="m"),
    build=Build(requirements="requirements.txt", python="3.11"),
    weights=(Weights(name="w", source="w.bin", path="/w"),),
)
replace = msgspec.structs.replace


def with_build(**changes: object) -> Config:
    return replace(CONFIG, build=replace(CONFIG.build, **changes))


@pytest.mark.parametrize(
    "other",
    [
        with_build(base=Base(image="python:3.12-slim")),
        with_build(python="3.12"),
        with_build(requirements="other.txt"),
        with_build(indexes=(PackageIndex(url="https://packages.acme.example/simple"),)),
        with_build(system_packages=("libgomp1",)),
        with_build(platforms=("linux/arm64",)),
        replace(CONFIG, weights=(Weights(name="w", source="v.bin", path="/w"),)),
        replace(CONFIG, weights=(Weights(name="w", source="w.bin", path="/w", exclude=("x",)),)),
        replace(CONFIG, weights=()),
    ],
)
def test_what_is_locked_makes_a_lock_stale(other: Config) -> None:
    """Each input counts."""
    assert inputs.digest(other, {}) != inputs.digest(CONFIG, {})


@pytest.mark.parametrize(
    "other",
    [
        with_build(code=("app.py",), env={"A": "1"}, command=("x",), port=1, user=0, workdir="/w"),
        replace(CONFIG, test=Test(limits=Limits(ready_s=1))),
        replace(CONFIG, model=Model(name="m", version="2")),
        replace(CONFIG, weights=(Weights(name="w", source="w.bin", path="/elsewhere"),)),
    ],
)
def test_what_is_not_locked_does_not(other: Config) -> None:
    """An edit of code, tests or the version needs no new lock."""
    assert inputs.digest(other, {}) == inputs.digest(CONFIG, {})


def test_secrets_of_an_index_do_not_count() -> None:
    """A token may have another name in another CI."""
    url = "https://packages.acme.example/simple"
    named = (PackageIndex(url=url, auth=Secret(env="TOKEN")),)
    assert inputs.digest(with_build(indexes=named), {}) == inputs.digest(
        with_build(indexes=(PackageIndex(url=url),)), {}
    )


def test_order_of_packages_and_platforms_does_not_count() -> None:
    """They are sets."""
    assert inputs.digest(with_build(system_packages=("a", "b")), {}) == inputs.digest(
        with_build(system_packages=("b", "a")), {}
    )


def test_included_requirements_count(tmp_path: Path) -> None:
    """Files that a requirements file includes, by their own place, circles too."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "requirements.txt").write_text("numpy\n-r sub/more.txt\n--constraint=sub/limits.txt\n")
    (tmp_path / "sub" / "more.txt").write_text("scipy\n-r ../requirements.txt\n")
    (tmp_path / "sub" / "limits.txt").write_text("numpy<3\n")
    files = inputs.read(CONFIG, tmp_path)
    assert set(files) == {"requirements.txt", "sub/more.txt", "sub/limits.txt"}
    before = inputs.digest(CONFIG, files)
    (tmp_path / "sub" / "limits.txt").write_text("numpy<2\n")
    assert inputs.digest(CONFIG, inputs.read(CONFIG, tmp_path)) != before


def test_line_ends_do_not_count(tmp_path: Path) -> None:
    """A checkout on another system is the same commit."""
    (tmp_path / "requirements.txt").write_bytes(b"a\nb\n")
    before = inputs.read(CONFIG, tmp_path)
    (tmp_path / "requirements.txt").write_bytes(b"a\r\nb\r\n")
    assert inputs.read(CONFIG, tmp_path) == before


def test_of_pyproject_only_the_dependencies_count(tmp_path: Path) -> None:
    """A linter's setting or the project's description needs no new lock."""
    config = with_build(requirements="pyproject.toml")
    path = tmp_path / "pyproject.toml"
    path.write_text('[project]\nname="m"\ndependencies=["numpy"]\n')
    before = inputs.read(config, tmp_path)
    path.write_text('[project]\nname="n"\ndependencies=["numpy"]\n[tool.ruff]\nline-length=99\n')
    assert inputs.read(config, tmp_path) == before
    path.write_text('[project]\nname="n"\ndependencies=["numpy<3"]\n')
    assert inputs.read(config, tmp_path) != before


@pytest.mark.parametrize(("name", "data"), [("requirements.txt", None), ("pyproject.toml", b"[")])
def test_missing_and_broken_files_are_named(tmp_path: Path, name: str, data: bytes | None) -> None:
    """build.requirements leads to the file."""
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(ConfigError, match=name):
        inputs.read(with_build(requirements=name), tmp_path)
