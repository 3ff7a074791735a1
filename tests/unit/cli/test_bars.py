from __future__ import annotations

import os
import pty
import subprocess
import sys

_SCRIPT = """
from tidegate.cli.context import Context
from tidegate.cli.progress import listener
from tidegate.project.verdict import Verdict
from tidegate.trace.record import Stage
import os
with listener(Context(os.environ)) as shown:
    shown.begin("push")
    shown.at("model.bin", 5_000_000, 20_000_000)
    shown.note("a note")
    shown.at("model.bin", 5_000_000, 20_000_000)
    shown.end(Stage(name="push", verdict=Verdict.PASSED, seconds=1.0, message="done"))
"""


def at_a_terminal(**environ: str) -> str:
    """What a person would see on stderr."""
    here, there = pty.openpty()
    with os.fdopen(here, "rb", buffering=0) as screen:
        with os.fdopen(there, "wb") as terminal:
            program = [sys.executable, "-c", _SCRIPT]
            subprocess.run(program, env={"COLUMNS": "100", **environ}, stderr=terminal, check=True)
        return _read(screen.fileno())


def _read(screen: int) -> str:
    data = b""
    while True:
        try:
            part = os.read(screen, 1 << 16)
        except OSError:
            # Linux says so when the other end is closed.
            return data.decode()
        if not part:
            return data.decode()
        data += part


def test_a_terminal_shows_what_moves() -> None:
    """With its name and bytes, and is left with the lines alone: the bar hides the cursor and gives it back."""
    seen = at_a_terminal(TERM="xterm-256color")
    assert "model.bin" in seen
    assert "10.0" in seen or "5.0" in seen
    assert "\x1b[32mok\x1b[0m" in seen
    assert seen.count("\x1b[?25l") == seen.count("\x1b[?25h") > 0


def test_a_dumb_terminal_gets_plain_lines() -> None:
    """No control characters."""
    seen = at_a_terminal(TERM="dumb")
    assert seen.split() == ["a", "note", "push", "ok", "1.0", "s", "done"]


def test_no_color_is_respected() -> None:
    """The mark of a stage is plain; no-color.org."""
    assert "\x1b[32m" not in at_a_terminal(TERM="xterm-256color", NO_COLOR="1")
