"""The git program, started so that neither its environment nor a repository's settings surprise."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

from tidegate.errors import OutsideError
from tidegate.transport.redaction import redact

# Seconds; a status of a very large work tree on a cold disk takes a minute.
_TIMEOUT = 300.0
# Bytes of a command's output that are read.
_MAX_OUTPUT = 16 << 20
_MAX_ERRORS = 4096
# safe.directory and excludes live in the user's settings, so where those lie is passed on; GIT_DIR and such are not.
_KEPT = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_COUNT")
_KEPT_PREFIXES = ("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_")


@dataclass(frozen=True, slots=True)
class Output:
    """What a command left: its exit code, standard output, and the start of standard error."""

    code: int
    text: str
    errors: str

    @property
    def last_lines(self) -> str:
        return redact(" ".join(self.errors.strip().splitlines()[-3:]))


@dataclass(frozen=True, slots=True)
class Git:
    """Runs git in a folder."""

    folder: Path
    environ: Mapping[str, str]

    def run(self, *commands: list[str]) -> list[Output]:
        """Run the commands side by side; their outputs in the same order.

        Raises OutsideError when git is not installed or takes longer than five minutes.
        """
        with ExitStack() as stack:
            running = [stack.enter_context(self._started(command)) for command in commands]
            return [_finish(command[0], started) for command, started in zip(commands, running, strict=True)]

    @contextmanager
    def _started(self, command: list[str]) -> Iterator[_Running]:
        # A repository's own fsmonitor setting is a command that git would run.
        arguments = ["git", "--no-pager", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false", *command]
        # Files, not pipes: no output can block a command while another one is being read.
        with (
            tempfile.TemporaryFile() as output,
            tempfile.TemporaryFile() as errors,
            self._process(arguments, output, errors) as process,
        ):
            try:
                yield _Running(process, output, errors)
            finally:
                if process.poll() is None:
                    process.kill()

    def _process(self, arguments: list[str], output: IO[bytes], errors: IO[bytes]) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                arguments,
                cwd=self.folder,
                env=environment(self.environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
            )
        except FileNotFoundError as error:
            raise OutsideError("git is not installed", hint="install git, or put it on PATH") from error
        except OSError as error:
            raise OutsideError(f"git in {self.folder}: {error.strerror}") from error


class _Running(NamedTuple):
    process: subprocess.Popen[bytes]
    output: IO[bytes]
    errors: IO[bytes]


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment without git's own variables, in the C locale, without locks and prompts."""
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith("GIT_") or name in _KEPT or name.startswith(_KEPT_PREFIXES)
    }
    fixed = {"LC_ALL": "C", "LANGUAGE": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    return kept | fixed


def _finish(name: str, running: _Running) -> Output:
    try:
        code = running.process.wait(_TIMEOUT)
    except subprocess.TimeoutExpired as error:
        raise OutsideError(f"git {name} did not end within {_TIMEOUT:.0f} seconds") from error
    return Output(code, _read(running.output, _MAX_OUTPUT), _read(running.errors, _MAX_ERRORS))


def _read(stream: IO[bytes], limit: int) -> str:
    stream.seek(0)
    return stream.read(limit).decode("utf-8", "surrogateescape")
