from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 300
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Stands for anything in a line, alone for any lines.
_ANYTHING = "…"


@dataclass(frozen=True)
class Step:
    """A command of a page, and what the page shows below it."""

    command: str
    shown: list[str]


def steps(page: str) -> list[Step]:
    """The commands of all `console` blocks: lines that start with `$`."""
    found: list[Step] = []
    for block in _BLOCK.findall(page):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(Step(line.removeprefix("$ "), []))
            else:
                found[-1].shown.append(line)
    return found


def pattern(shown: list[str]) -> re.Pattern[str]:
    """What a command must have printed: the shown lines in order, others between them, whatever the columns' width."""
    lines = [line for line in shown if line != _ANYTHING]
    parts = [re.sub(r"(?:\\ )+", " +", ".*".join(map(re.escape, line.split(_ANYTHING)))) for line in lines]
    return re.compile("(?:.*\n)*?".join(f"{part}[ ]*\n" for part in parts) or "", re.MULTILINE)


def run(commands: list[str], folder: Path, environ: dict[str, str]) -> list[str]:
    """Run commands in one shell that stops at the first failure; what each of them printed."""
    mark = "\x1e"
    script = "set -euo pipefail\n" + "".join(f"printf '{mark}'\n{command}\n" for command in commands)
    output = folder / "output"
    with output.open("wb") as stream:
        shell = subprocess.Popen(
            ["bash", "-c", script],
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = shell.wait(SECONDS)
        finally:
            # Servers that the page left in the background.
            with suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)
    printed = output.read_text().split(mark)[1:]
    assert code == 0, f"$ {commands[len(printed) - 1]}\n{printed[-1]}"
    return printed


@pytest.mark.needs("git")
@pytest.mark.parametrize("name", ["docs/tutorial/first-release.md"])
def test_what_a_page_shows_is_what_happens(
    name: str, tmp_path: Path, environ: dict[str, str], package_cache: Path, free_port: Callable[[], int]
) -> None:
    """Every command of the page works, in order, and prints what the page shows."""
    page = (ROOT / name).read_text().replace("127.0.0.1:5000", f"127.0.0.1:{free_port()}")
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    (Path(environ["TIDEGATE_HOME"]) / "cache").symlink_to(package_cache)
    found = steps(page)
    printed = run([step.command for step in found], tmp_path, with_tidegate(environ))
    for step, output in zip(found, printed, strict=True):
        assert pattern(step.shown).search(output), f"$ {step.command}\n{output}"


def with_tidegate(environ: dict[str, str]) -> dict[str, str]:
    """The environment of somebody who has installed Tidegate and told git who they are."""
    who = {f"GIT_{role}_{part}": "reader" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
    return {**environ, **who, "PATH": f"{Path(sys.executable).parent}:{environ['PATH']}"}


def test_a_page_that_shows_too_much_is_noticed() -> None:
    """Shown lines must come in order; three dots stand for anything."""
    page = "```console\n$ one\na…c\n…\nd\n$ two\n```\n\n```sh\n$ three\n```\n"
    assert steps(page) == [Step("one", ["a…c", "…", "d"]), Step("two", [])]
    shown = pattern(["a…c", "…", "d"])
    assert shown.search("x\nabc\ny\nz\nd\n")
    assert not shown.search("d\nabc\n")
    assert not shown.search("ab\nd\n")
