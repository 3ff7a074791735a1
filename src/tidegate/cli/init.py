"""`tidegate init`: a first tidegate.yaml by looking at the folder."""

from __future__ import annotations

import argparse
from pathlib import Path

from tidegate.cli.context import Context
from tidegate.errors import StorageError, UsageError
from tidegate.project import yaml12
from tidegate.project.draft import Draft, draft
from tidegate.project.inspection import inspect_folder
from tidegate.project.reader import CONFIG_NAME, parse

HELP = "write a first tidegate.yaml for a model folder"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", nargs="?", type=Path, default=Path(), help="the model's folder (.)")
    parser.add_argument("--print", action="store_true", help="write to stdout instead, and leave the folder alone")


def run(arguments: argparse.Namespace, context: Context) -> int:
    findings = inspect_folder(arguments.folder)
    written = draft(findings)
    # What we write must be what we read.
    parse(yaml12.load(written.text), {})
    if arguments.print:
        context.out(written.text.rstrip())
        return 0
    if findings.configured:
        raise UsageError(
            f"{arguments.folder / findings.configured}: configures this model already, and is left as it is",
            hint="see what would be written with: tidegate init --print",
        )
    target = arguments.folder / CONFIG_NAME
    _write(target, written.text)
    _report(context, target, written)
    return 0


def _write(target: Path, text: str) -> None:
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise UsageError(f"{target}: already there, and left as it is") from error
    except OSError as error:
        raise StorageError(f"{target}: {error.strerror}", hint="check the folder's rights") from error


def _report(context: Context, target: Path, written: Draft) -> None:
    for line in written.found:
        context.note(f"found {line}")
    for line in written.check:
        context.note(f"check: {line}")
    context.out(f"wrote {target}")
    context.note("next: read it, then run: tidegate release")
