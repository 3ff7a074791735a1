from __future__ import annotations

from pathlib import Path

import pytest
from tests.e2e.conftest import Model
from tests.servers import Server

from tidegate import __version__

pytestmark = pytest.mark.needs("git")


def test_the_version_is_one_line(model: Model) -> None:
    """On stdout, with exit code 0."""
    assert model.tidegate("--version").out == f"tidegate {__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["relaese"], ["build", "--wat"], ["push", "."], ["trace"]])
def test_wrong_usage_is_exit_code_2_with_the_usage(model: Model, arguments: list[str]) -> None:
    """Nothing, an unknown command, an unknown option, a missing argument."""
    result = model.tidegate(*arguments)
    assert (result.code, result.out) == (2, "")
    assert "usage: tidegate" in result.err


def test_a_lock_is_checked_without_being_written(model: Model) -> None:
    """A fresh one passes; one that no longer fits the configuration is exit code 2, and stays as it is."""
    assert model.tidegate("lock", "--check").code == 0
    before = (model.folder / "tidegate.lock").read_bytes()
    (model.folder / "weights" / "model.bin").write_bytes(b"other weights")
    assert model.tidegate("lock", "--check").code == 2
    assert (model.folder / "tidegate.lock").read_bytes() == before
    assert model.tidegate("lock").code == 0
    assert model.tidegate("lock", "--check").code == 0


def test_a_build_ends_with_its_digest(model: Model) -> None:
    """The last line of stdout, the same each time and in JSON."""
    first, second = model.tidegate("build"), model.tidegate("build", "--json")
    assert first.code == 0, first.err
    digest = first.out.splitlines()[-1]
    assert digest.startswith("sha256:")
    assert second.document["digest"] == digest


@pytest.mark.parametrize("place", ["oci:out", "docker-archive:out.tar"])
def test_a_built_image_travels_as_a_file(model: Model, tmp_path: Path, place: str) -> None:
    """It is tested from there by a machine that has neither our store nor the weights."""
    kind, _, name = place.partition(":")
    built = model.tidegate("build", "--output", f"{kind}:{tmp_path / name}")
    assert built.code == 0, built.err
    (model.folder / "weights" / "model.bin").unlink()
    tested = model.tidegate(
        "test", f"{kind}:{tmp_path / name}", "--config", ".", "--json", TIDEGATE_HOME=str(tmp_path / "other")
    )
    assert tested.code == 0, tested.err
    assert tested.document["verdict"] == "passed"


def test_a_wrong_answer_fails_the_test(model: Model) -> None:
    """Exit code 3, and the case by name."""
    model.write("tests/out.txt", "1")
    result = model.tidegate("test", ".", "--json")
    assert (result.code, result.document["verdict"]) == (3, "failed")
    assert "tests/in.txt" in result.out


def test_a_pushed_image_is_tested_and_scanned_where_it_lies(model: Model, registry: Server) -> None:
    """By its reference; a second push sends no blob again."""
    reference = f"{registry.address}/counter:1"
    pushed = model.tidegate("push", ".", reference)
    assert pushed.code == 0, pushed.err
    assert model.tidegate("test", reference, "--config", ".").code == 0
    assert model.tidegate("scan", reference, "--config", ".").code == 0
    again = model.tidegate("push", ".", reference)
    assert "sent" not in again.err
    assert again.out == pushed.out


def test_a_model_is_run_to_try_it(model: Model) -> None:
    """What it prints is shown; an address is printed only for a server."""
    result = model.tidegate("run", ".")
    assert result.code == 0, result.err
    assert "10240" in result.err
    assert result.out == ""


def test_an_image_that_is_nowhere_is_exit_code_4(model: Model, registry: Server) -> None:
    """With its reference and no traceback."""
    result = model.tidegate("test", f"{registry.address}/nothing:1", "--config", ".")
    assert result.code == 4
    assert "nothing" in result.err
    assert "Traceback" not in result.err
