from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tidegate.cli.main import main
from tidegate.project.reader import read_project

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The digits example without its configuration."""
    ignored = shutil.ignore_patterns("tidegate.*", "__pycache__")
    return Path(shutil.copytree(EXAMPLES / "digits", tmp_path / "digits", ignore=ignored))


def test_it_writes_what_the_example_has(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From requirements, source, model file and golden cases it comes to the example's own configuration."""
    assert main(["init", str(folder)], {}) == 0
    ours, theirs = (read_project(path, {}).config for path in (folder, EXAMPLES / "digits"))
    assert (ours.model.name, ours.weights) == (theirs.model.name, theirs.weights)
    assert (ours.build.code, ours.build.command, ours.build.port) == (
        theirs.build.code,
        theirs.build.command,
        theirs.build.port,
    )
    assert ours.test.protocol == theirs.test.protocol
    assert {case.input for case in ours.test.golden} == {case.input for case in theirs.test.golden}
    output = capsys.readouterr()
    assert output.out == f"wrote {folder / 'tidegate.yaml'}\n"
    assert "found an ASGI application: app.py" in output.err


@pytest.mark.parametrize(
    ("name", "text"), [("tidegate.yaml", "mine"), ("pyproject.toml", "[tool.tidegate]\ntidegate = 1\n")]
)
def test_a_configuration_that_is_there_is_left_alone(
    folder: Path, name: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2, its bytes untouched, and no second one beside it."""
    (folder / name).write_text(text)
    before = sorted(path.name for path in folder.iterdir())
    assert main(["init", str(folder)], {}) == 2
    assert (folder / name).read_text() == text
    assert sorted(path.name for path in folder.iterdir()) == before
    assert name in capsys.readouterr().err


def test_a_link_in_its_place_is_not_followed(folder: Path, tmp_path: Path) -> None:
    """A dangling link would make it write somewhere else."""
    (folder / "tidegate.yaml").symlink_to(tmp_path / "elsewhere")
    assert main(["init", str(folder)], {}) == 2
    assert not (tmp_path / "elsewhere").exists()


def test_print_shows_it_and_writes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also beside a configuration that is there."""
    (folder / "tidegate.yaml").write_text("mine")
    assert main(["init", "--print", str(folder)], {}) == 0
    assert "name: digits" in capsys.readouterr().out
    assert (folder / "tidegate.yaml").read_text() == "mine"


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2 with its name; nothing is created."""
    assert main(["init", str(tmp_path / "nowhere")], {}) == 2
    assert "nowhere: not a folder" in capsys.readouterr().err
    assert not (tmp_path / "nowhere").exists()
