"""Reading what is to be tested."""

from __future__ import annotations

from pathlib import Path

import pytest

from tidegate.errors import ConfigError
from tidegate.imagetest import plan
from tidegate.project.config import Build, Config, GoldenCase, Limits, Model, Protocol
from tidegate.project.config import Test as Section


def configuration(
    protocol: Protocol, *, port: int | None = 8080, golden: bool = True, p95: float | None = None
) -> Config:
    """A configuration with or without a golden case."""
    cases = (GoldenCase(input="in.json", expect="out.json", rtol=0.5),) if golden else ()
    test = Section(protocol=protocol, golden=cases, limits=Limits(p95_ms=p95))
    return Config(tidegate=1, model=Model(name="digits"), build=Build(port=port), test=test)


def test_load(tmp_path: Path) -> None:
    """Golden files are read once, with their tolerances."""
    (tmp_path / "in.json").write_text("[1]")
    (tmp_path / "out.json").write_text("[2]")
    loaded = plan.load(configuration("http"), tmp_path, image="sha256:1", platform="linux/amd64")
    assert [(case.input, case.expect, case.tolerance.rtol) for case in loaded.cases] == [(b"[1]", b"[2]", 0.5)]


def test_missing_file(tmp_path: Path) -> None:
    """A golden file that isn't there is named with its key."""
    (tmp_path / "in.json").write_text("[1]")
    with pytest.raises(ConfigError, match=r"test\.golden\[0\]\.expect: .*out\.json"):
        plan.load(configuration("http"), tmp_path, image="", platform="")


@pytest.mark.parametrize(
    ("config", "key"),
    [
        (configuration("open-inference", port=None, golden=False), "test.protocol"),
        (configuration("none"), "test.golden"),
        (configuration("command", p95=10), "test.limits.p95_ms"),
        (configuration("http", golden=False, p95=10), "test.limits.p95_ms"),
    ],
)
def test_contradictions(config: Config, key: str, tmp_path: Path) -> None:
    """A test that can't mean anything is refused by its key."""
    with pytest.raises(ConfigError, match=key):
        plan.load(config, tmp_path, image="", platform="")
