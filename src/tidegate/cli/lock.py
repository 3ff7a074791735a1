"""`tidegate lock`: base, packages and weights to digests in tidegate.lock."""

from __future__ import annotations

import argparse
from pathlib import Path

from tidegate.cli.context import Context
from tidegate.cli.progress import listener
from tidegate.errors import LockError
from tidegate.project.lock import LOCK_NAME, Lock
from tidegate.project.reader import Project, read_project
from tidegate.release.locking import current_lock, make_lock, write_lock

HELP = "resolve base, packages and weights to digests in tidegate.lock"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", nargs="?", default=".", help="the model's folder (default: this one)")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions instead of keeping the locked")
    parser.add_argument("--check", action="store_true", help="change nothing; exit code 2 when it is not up to date")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(arguments: argparse.Namespace, context: Context) -> int:
    project = read_project(Path(arguments.folder), context.environ)
    there, reason = _current(project, arguments.check, context)
    if arguments.check and reason:
        raise LockError(f"{project.folder / LOCK_NAME}: {reason}", hint="run: tidegate lock")
    with listener(context) as bars:
        lock = make_lock(project, context.services(), bars, previous=there, upgrade=arguments.upgrade)
    if arguments.check and lock != there:
        raise LockError(
            f"{project.folder / LOCK_NAME}: the weights changed since it was written", hint="run: tidegate lock"
        )
    if lock != there:
        write_lock(project, lock)
    _tell(lock, project.folder / LOCK_NAME, arguments.json, context)
    return 0


def _current(project: Project, check: bool, context: Context) -> tuple[Lock | None, str]:
    """A lock that can't be read, as after a merge, is made anew from nothing."""
    try:
        return current_lock(project)
    except LockError as error:
        if check:
            raise
        context.note(f"{error.message}: locking anew")
        return None, error.message


def _tell(lock: Lock, path: Path, as_json: bool, context: Context) -> None:
    platforms = [
        {"platform": one.platform, "debian": len(one.debian), "python": len(one.python)} for one in lock.platforms
    ]
    if as_json:
        context.json({"verdict": "passed", "lock": str(path), "inputs": lock.inputs, "platforms": platforms})
        return
    for one in platforms:
        context.note(f"{one['platform']}: {one['debian']} Debian packages, {one['python']} Python packages")
    context.out(str(path))
