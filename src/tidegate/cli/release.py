"""`tidegate release`: build, scan, test, tag and push, with evidence for each."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tidegate.cli.context import Context
from tidegate.cli.outcome import show
from tidegate.cli.progress import listener
from tidegate.errors import OutsideError
from tidegate.oci.layout import make_folder
from tidegate.oci.reference import Reference
from tidegate.project.reader import Project, read_project
from tidegate.registry import launch
from tidegate.registry.address import DEFAULT
from tidegate.release.destinations import Target, from_arguments
from tidegate.release.pipeline import Request, release
from tidegate.release.report import folder as report_folder
from tidegate.release.report import github
from tidegate.release.state import State
from tidegate.release.summary import summarise

# A loopback port that the system chooses.
ANY = "127.0.0.1:0"
HELP = "build, scan, test, tag and push, with evidence for each"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", nargs="?", default=".", help="the model's folder (default: this one)")
    parser.add_argument(
        "--to", action="append", default=[], metavar="DEST", help="REGISTRY/REPOSITORY[:TAG] in place of push:"
    )
    parser.add_argument("--dry-run", action="store_true", help="stop before the push, as for a pull request")
    parser.add_argument("--recheck", action="store_true", help="run the gates again where all evidence is there")
    parser.add_argument("--locked", action="store_true", help="refuse a missing or stale tidegate.lock")
    parser.add_argument(
        "--allow-dirty", action="store_true", help="release what is not committed: marked, no commit's tag"
    )
    parser.add_argument("--report", type=Path, metavar="DIR", help="the report's folder (default: DIR/tidegate-report)")
    parser.add_argument("--insecure", action="store_true", help="allow plain HTTP")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(arguments: argparse.Namespace, context: Context) -> int:
    targets = from_arguments(arguments.to)
    project = read_project(Path(arguments.folder), context.environ)
    place = arguments.report or project.folder / report_folder.NAME
    make_folder(place)
    with _targets(targets, project, arguments, context) as chosen, listener(context) as bars:
        request = Request(
            targets=chosen,
            dry_run=arguments.dry_run,
            recheck=arguments.recheck,
            allow_dirty=arguments.allow_dirty,
            locked=arguments.locked,
        )
        state = release(project, request, context.services(insecure=arguments.insecure), bars)
    _report(state, place, arguments, context)
    return state.exit_code


@contextmanager
def _targets(
    targets: tuple[Target, ...], project: Project, arguments: argparse.Namespace, context: Context
) -> Iterator[tuple[Target, ...]]:
    """The embedded registry where nothing else is named, started for the time of the push unless it runs."""
    if targets or project.config.push or arguments.dry_run:
        yield targets
        return
    with _embedded(context) as address:
        yield (Target(Reference(address, project.config.model.name)),)


@contextmanager
def _embedded(context: Context) -> Iterator[str]:
    """The address of the embedded registry: where it runs, else its usual one, else any that is free."""
    data = context.home.registry
    running = launch.find(data, context.environ)
    if running is not None:
        yield running
        return
    try:
        started = launch.start(data, DEFAULT, context.environ)
    except OutsideError:
        started = launch.start(data, ANY, context.environ)
    with started:
        yield started.address


def _report(state: State, place: Path, arguments: argparse.Namespace, context: Context) -> None:
    report = summarise(state)
    scanned = state.scanned
    try:
        report_folder.write(
            place, report, sarif=scanned.sarif if scanned else None, sbom=scanned.sbom if scanned else None
        )
        for line in github.publish(report, context.environ):
            context.note(line)
    finally:
        # What was released is said even when the report can't be written.
        if arguments.json:
            context.json(report)
        show(report, place, context)
