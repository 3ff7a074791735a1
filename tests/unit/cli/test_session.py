from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping

import pytest

from tidegate.cli import session
from tidegate.cli.context import Context
from tidegate.errors import ConfigError, GateError

PLAIN, JSON = argparse.Namespace(json=False), argparse.Namespace(json=True)


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def raising(error: BaseException) -> Callable[[argparse.Namespace, Context], int]:
    def command(_arguments: argparse.Namespace, _context: Context) -> int:
        raise error

    return command


def run(error: BaseException, arguments: argparse.Namespace = PLAIN, environ: Mapping[str, str] | None = None) -> int:
    return session.run(raising(error), arguments, environ or {})


def test_a_command_s_own_code_is_the_program_s() -> None:
    """A gate may say no without an error."""
    assert session.run(lambda _arguments, _context: 3, PLAIN, {}) == 3


def test_an_error_is_a_line_with_its_next_step(capsys: pytest.CaptureFixture[str]) -> None:
    """On stderr; nothing on stdout."""
    assert run(ConfigError("tidegate.yaml: odd", hint="mend it")) == 2
    assert capsys.readouterr() == ("", "error: tidegate.yaml: odd\n  next: mend it\n")


def test_an_error_is_a_document_where_json_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """With what the lines on stderr say, and no login either."""
    assert run(GateError("no https://u:hunter2@r.example/x", hint="look"), JSON) == 3
    out, err = capsys.readouterr()
    wanted = {"message": "no https://***@r.example/x", "hint": "look", "exit_code": 3}
    assert json.loads(out) == {"verdict": "failed", "error": wanted}
    assert "hunter2" not in err


def test_a_document_that_was_written_stays_the_only_one(capsys: pytest.CaptureFixture[str]) -> None:
    """A test's report, for instance, says already what failed."""

    def command(_arguments: argparse.Namespace, context: Context) -> int:
        context.json({"verdict": "failed"})
        raise GateError("the test says no")

    assert session.run(command, JSON, {}) == 3
    assert json.loads(capsys.readouterr().out) == {"verdict": "failed"}


def test_a_defect_is_exit_code_1_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """And says how to get one."""
    assert run(ZeroDivisionError("by nothing")) == 1
    err = capsys.readouterr().err
    assert "a defect in Tidegate: ZeroDivisionError: by nothing" in err
    assert "TIDEGATE_DEBUG=1" in err
    assert "Traceback" not in err


def test_a_path_that_fails_is_the_machine_s_trouble(capsys: pytest.CaptureFixture[str]) -> None:
    """Wherever it happens: no rights, no space."""
    assert run(PermissionError(13, "Permission denied", "/models/x")) == 4
    assert capsys.readouterr().err.startswith("error: /models/x: Permission denied\n  next: ")


def test_a_defect_shows_where_it_is_on_demand(capsys: pytest.CaptureFixture[str]) -> None:
    """Without passwords in addresses."""
    assert run(ZeroDivisionError("https://u:hunter2@r.example"), environ={"TIDEGATE_DEBUG": "1"}) == 1
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert "hunter2" not in err


def test_ctrl_c_is_exit_code_130(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a traceback."""
    assert run(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err.startswith("error: interrupted\n")


def test_sigterm_is_exit_code_143_and_a_second_one_changes_nothing() -> None:
    """What cleans up after the first must come to its end."""
    cleaned = []

    def command(_arguments: argparse.Namespace, _context: Context) -> int:
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            signal.raise_signal(signal.SIGTERM)
            cleaned.append(True)
        return 0

    assert session.run(command, PLAIN, {}) == 143
    assert cleaned == [True]


def test_a_reader_that_has_gone_ends_the_program_quietly() -> None:
    """As `tidegate … | head` does."""
    reader, writer = os.pipe()
    os.close(reader)
    program = [sys.executable, "-m", "tidegate", "--help"]
    with os.fdopen(writer, "wb") as pipe:
        done = subprocess.run(program, stdout=pipe, stderr=subprocess.PIPE, text=True, check=False)
    # The exit code is Python's own affair here: from 3.11.4 on, argparse passes over the failure.
    assert done.stderr == ""
