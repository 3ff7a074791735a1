"""Parsing the command line, importing no more than the command that was asked for."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NoReturn, Protocol, cast

from tidegate import __version__
from tidegate.errors import UsageError

if TYPE_CHECKING:
    from tidegate.cli.context import Context

_DESCRIPTION = "From a merged commit to a checked, traceable model image in a production registry."
_EPILOG = """\
exit codes:
  0 done   1 a defect in Tidegate   2 wrong usage or configuration   3 a gate said no
  4 network, registry, container engine or disk   5 verification failed   130/143 interrupted

Start with `tidegate init` in a model's folder, then `tidegate release`.
"""


class Command(Protocol):
    """What each module of a command has."""

    HELP: str
    configure: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace, Context], int]


def parse(argv: Sequence[str], commands: Mapping[str, str]) -> tuple[Command, argparse.Namespace]:
    """The command and its arguments. Raises UsageError; ends the program with 0 after help."""
    name = next((word for word in argv if not word.startswith("-")), None)
    parser = _parser()
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, title="commands")
    for command, text in commands.items():
        subparser = subparsers.add_parser(command, help=text, description=_sentence(text))
        if command == name:
            load(command).configure(subparser)
    arguments = parser.parse_args(argv)
    return load(arguments.command), arguments


def load(command: str) -> Command:
    """The module of a command."""
    return cast("Command", importlib.import_module(f"tidegate.cli.{command}"))


class _Parser(argparse.ArgumentParser):
    """Fails as everything else does, below the usage."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        raise UsageError(message, hint=f"see: {self.prog} --help")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="tidegate", description=_DESCRIPTION, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"tidegate {__version__}")
    return parser


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."
