"""Writes the pages and JSON Schemas that are made from the code: `make docs`.

With `--check` it writes nothing and ends with 1 when a file differs from what it would write.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from tidegate.cli.arguments import load
from tidegate.cli.main import COMMANDS
from tidegate.imagetest.report import TestReport
from tidegate.oci.digest import Digest
from tidegate.project.config import Config
from tidegate.project.lock import Lock
from tidegate.release.report.model import ReleaseReport
from tidegate.scan.report import ScanReport
from tidegate.trace.lookup import Trace
from tidegate.trace.record import Record

DOCS = Path(__file__).resolve().parent
SCHEMAS: dict[str, tuple[type[msgspec.Struct], str]] = {
    "tidegate.yaml": (Config, "tidegate.yaml"),
    "tidegate.lock": (Lock, "tidegate.lock"),
    "release": (ReleaseReport, "release.json, and what `tidegate release --json` prints"),
    "record": (Record, "the release record, evidence beside an image"),
    "scan": (ScanReport, "what `tidegate scan --json` prints, evidence beside an image"),
    "test": (TestReport, "what `tidegate test --json` prints, evidence beside an image"),
    "trace": (Trace, "what `tidegate trace --json` prints"),
}
_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_DIGEST = {"type": "string", "pattern": "^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$"}


def pages() -> dict[Path, str]:
    """Every generated file and its text."""
    schemas = {DOCS / f"reference/schemas/{name}.json": _schema(*of) for name, of in SCHEMAS.items()}
    return {**schemas, DOCS / "reference/commands.md": _commands()}


def _schema(kind: type[msgspec.Struct], title: str) -> str:
    body = msgspec.json.schema(kind, schema_hook=_hook)
    return json.dumps({"$schema": _DRAFT, "title": title, **body}, indent=1, sort_keys=False) + "\n"


def _hook(kind: type[Any]) -> dict[str, Any]:
    if kind is Digest:
        return _DIGEST
    raise NotImplementedError(kind)


_PREFACE = """\
# Commands

Written by `make docs` from the code.

`tidegate --version` prints the version, `tidegate COMMAND --help` what is below. What goes to stdout and what `--json`
prints: [output](output.md).

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | a defect in Tidegate |
| 2 | wrong usage or configuration, a missing or stale lock |
| 3 | a gate said no, or a required check could not be done |
| 4 | the world outside failed: network, registry, container engine, disk |
| 5 | verification failed: a digest, an evidence, a tag that is on something else |
| 130, 143 | interrupted, terminated |
"""


def _commands() -> str:
    return "\n".join([_PREFACE, *(line for name in COMMANDS for line in _command(name))])


def _command(name: str) -> Iterator[str]:
    parser = argparse.ArgumentParser(prog=f"tidegate {name}", add_help=False)
    load(name).configure(parser)
    yield f"## tidegate {name}\n"
    yield f"{COMMANDS[name][:1].upper()}{COMMANDS[name][1:]}.\n"
    yield from _arguments(parser)


def _arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    """A table of a parser's arguments, and one for each of its actions."""
    rows = [_row(parser, action) for action in parser._actions if _is_shown(action)]
    if rows:
        yield "\n".join(["| argument | |", "|---|---|", *rows]) + "\n"
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            texts = {choice.dest: choice.help for choice in action._choices_actions}
            for name, inner in action.choices.items():
                yield f"### {inner.prog}\n\n{texts.get(name) or ''}\n"
                yield from _arguments(inner)


def _is_shown(action: argparse.Action) -> bool:
    hidden = isinstance(action, argparse._SubParsersAction | argparse._HelpAction)
    return not hidden and action.help is not argparse.SUPPRESS


def _row(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    value = action.metavar or ("" if action.nargs == 0 else action.dest.upper())
    choices = "{" + ",".join(map(str, action.choices)) + "}" if action.choices and not action.metavar else value
    optional = action.nargs in {"?", "*"} and not action.option_strings
    name = " ".join(part for part in (", ".join(action.option_strings), str(choices)) if part)
    text = parser._get_formatter()._expand_help(action) if action.help else ""
    repeats = isinstance(action, argparse._AppendAction) and "given" not in text
    cells = (f"`{f'[{name}]' if optional else name}`", " ".join(text.split()) + "; may be given again" * repeats)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def main(arguments: list[str]) -> int:
    """Write, or with `--check` compare."""
    check = "--check" in arguments
    different = {path: text for path, text in pages().items() if not path.is_file() or path.read_text() != text}
    for path, text in different.items():
        print(f"{path.relative_to(DOCS.parent)}: {'is out of date, run: make docs' if check else 'written'}")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return 1 if different and check else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
