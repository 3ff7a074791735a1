"""What is tested: the configuration's `test` section with its files read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tidegate.errors import ConfigError
from tidegate.imagetest.compare import Tolerance
from tidegate.project.config import Config, GoldenCase, Test

_MAX_FILE = 64 << 20


@dataclass(frozen=True, slots=True)
class Case:
    """A golden case with the content of its files."""

    name: str
    input_path: Path
    input: bytes
    expect_path: Path
    expect: bytes
    tolerance: Tolerance
    route: str
    method: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A test of one image. `port` is where the model listens, None for one that is no server."""

    image: str
    platform: str
    model: str
    test: Test
    cases: tuple[Case, ...]
    port: int | None


def load(config: Config, folder: Path, *, image: str, platform: str) -> Plan:
    """Read the golden cases of a model folder. Raises ConfigError that names the key."""
    test = config.test
    _check(test, config.build.port)
    cases = tuple(_case(folder, case, f"test.golden[{index}]") for index, case in enumerate(test.golden))
    return Plan(image, platform, config.model.name, test, cases, config.build.port)


def _check(test: Test, port: int | None) -> None:
    serves = test.protocol in {"open-inference", "http"}
    if serves and port is None:
        raise ConfigError(
            f"test.protocol: {test.protocol} needs the port where the model listens", hint="set `build.port`"
        )
    if test.golden and test.protocol == "none":
        raise ConfigError("test.golden: protocol `none` asks the model nothing", hint="choose another `test.protocol`")
    if test.limits.p95_ms is not None and not (serves and test.golden):
        raise ConfigError(
            "test.limits.p95_ms: there is nothing to send to the model",
            hint="it takes a protocol with requests and at least one golden case",
        )


def _case(folder: Path, case: GoldenCase, key: str) -> Case:
    given, expected = folder / case.input, folder / case.expect
    return Case(
        name=case.input,
        input_path=given.absolute(),
        input=_read(given, f"{key}.input"),
        expect_path=expected.absolute(),
        expect=_read(expected, f"{key}.expect"),
        tolerance=Tolerance(case.rtol, case.atol),
        route=case.route,
        method=case.method,
    )


def _read(path: Path, key: str) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_FILE + 1)
    except OSError as error:
        raise ConfigError(f"{key}: {path}: {error.strerror}") from error
    if len(data) > _MAX_FILE:
        raise ConfigError(f"{key}: {path}: more than the {_MAX_FILE} bytes that a golden case may have")
    return data
