from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tidegate.cli.arguments import parse
from tidegate.cli.main import COMMANDS
from tidegate.errors import UsageError


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With the sentence of the list of commands."""
    with pytest.raises(SystemExit) as caught:
        parse([command, "--help"], COMMANDS)
    assert caught.value.code == 0
    said = re.sub(r"\s+", " ", capsys.readouterr().out)
    assert f"usage: tidegate {command}" in said
    assert COMMANDS[command][1:] in said


def test_arguments_come_with_the_command_s_module() -> None:
    """Options may stand before and after."""
    command, arguments = parse(["build", "--locked", "here", "--json"], COMMANDS)
    assert COMMANDS["build"] == command.HELP
    assert (arguments.folder, arguments.locked, arguments.json) == ("here", True, True)


@pytest.mark.parametrize("argv", [[], ["biuld"], ["build", "--nope"], ["push", "x"], ["push", ".", "x", "--jobs", "y"]])
def test_wrong_usage_names_the_help(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Of the command, where there is one."""
    with pytest.raises(UsageError) as caught:
        parse(argv, COMMANDS)
    assert re.fullmatch(r"see: tidegate( \w+)? --help", caught.value.hint)
    assert capsys.readouterr().err.startswith("usage: tidegate")


def test_help_imports_no_command() -> None:
    """It answers at once."""
    script = (
        "import sys\nfrom tidegate.cli.main import main\n"
        "try: main(['--help'], {})\nexcept SystemExit: pass\n"
        "print(*[name for name in sys.modules if name.startswith('tidegate.')], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = {"tidegate.cli", "tidegate.cli.main", "tidegate.cli.arguments", "tidegate.errors"}
    assert set(done.stderr.split()) <= loaded
