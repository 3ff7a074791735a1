"""`tidegate test`: does the model in this image really work?"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import msgspec

from tidegate.cli.context import Context
from tidegate.cli.images import IMAGE_HELP, locate, project_of
from tidegate.errors import ConfigError, GateError, UsageError
from tidegate.imagetest import gate, plan
from tidegate.imagetest.remote import RunningServer
from tidegate.imagetest.report import LimitResult, TestReport
from tidegate.oci.image import load_images
from tidegate.project.reader import Project, read_project
from tidegate.project.verdict import Verdict
from tidegate.release.gates import run_tests

HELP = "test that the model in an image really works"
_MARKS = {Verdict.PASSED: "passed", Verdict.FAILED: "FAILED", Verdict.INCOMPLETE: "NOT DONE"}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("image", metavar="IMAGE", nargs="?", help=IMAGE_HELP)
    parser.add_argument("--config", metavar="DIR", help="the model folder whose tidegate.yaml says what to test")
    parser.add_argument("--url", help="test a server that already runs, instead of an image")
    parser.add_argument("--runtime", metavar="NAME", help="docker, podman, runc, crun, bubblewrap, unshare or chroot")
    parser.add_argument("--insecure", action="store_true", help="allow plain HTTP to the registry")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(arguments: argparse.Namespace, context: Context) -> int:
    reports = _reports(arguments, context)
    if arguments.json:
        context.json(reports[0] if len(reports) == 1 else reports)
    else:
        for report in reports:
            context.out(describe(report))
    bad = [report for report in reports if report.verdict is not Verdict.PASSED]
    if any(report.verdict is Verdict.FAILED or report.required for report in bad):
        raise GateError(f"the test says no: {summary(bad[0])}")
    return 0


def _reports(arguments: argparse.Namespace, context: Context) -> tuple[TestReport, ...]:
    if arguments.url is not None:
        return (check_url(_project(arguments, context), arguments.url),)
    if arguments.image is None:
        raise UsageError("tidegate test: no image", hint="name one, or a server with --url")
    located = locate(arguments.image, context, insecure=arguments.insecure)
    project = project_of(located, arguments.config, context)
    if project is None:
        raise ConfigError(
            f"{arguments.image}: there is no tidegate.yaml that says what to test", hint="name its folder with --config"
        )
    _, images = load_images(located.store, located.reference)
    return run_tests(images, project, context.services(), arguments.runtime)


def _project(arguments: argparse.Namespace, context: Context) -> Project:
    """For a server that runs, the image's argument can only name the folder."""
    return read_project(Path(arguments.config or arguments.image or "."), context.environ)


def check_url(project: Project, url: str) -> TestReport:
    """Test a server that already runs by the model folder's golden cases. Raises UsageError, ConfigError."""
    if project.config.test.protocol not in {"open-inference", "http"}:
        raise UsageError(
            f"--url: protocol {project.config.test.protocol!r} has no server", hint="test an image instead"
        )
    server = RunningServer.parse(url)
    config = msgspec.structs.replace(
        project.config, build=msgspec.structs.replace(project.config.build, port=server.port)
    )
    todo = plan.load(config, project.folder, image="", platform="")
    return gate.run(todo, server, time.monotonic, base=server.base)


def summary(report: TestReport) -> str:
    """In one line, the first thing that is wrong with a test."""
    if report.message:
        return report.message
    for case in report.cases:
        if case.verdict is not Verdict.PASSED:
            return f"{case.name}: {case.message}"
    for limit in report.limits:
        if limit.verdict is not Verdict.PASSED:
            return _limit(limit)
    return str(report.verdict)


def describe(report: TestReport) -> str:
    """A report as lines for a person."""
    subject = f"{report.image} {report.platform}".strip() or "the server"
    lines = [f"{_MARKS[report.verdict]}  {subject}  {report.protocol} by {report.runtime or 'nothing'}"]
    lines += [f"  {report.message}"] if report.message else []
    lines += [
        f"  {_MARKS[case.verdict]}  {case.name}  {case.seconds * 1000:.1f} ms  {case.message}".rstrip()
        for case in report.cases
    ]
    lines += [f"  {_MARKS[limit.verdict]}  {_limit(limit)}" for limit in report.limits]
    lines += [f"  note: {note}" for note in report.notes]
    if report.log:
        lines += ["  the model's own last words:", *(f"  | {line}" for line in report.log.splitlines()[-20:])]
    return "\n".join(lines)


def _limit(limit: LimitResult) -> str:
    if limit.measured is None or limit.message:
        return f"{limit.name}: {limit.message}"
    return f"{limit.name}: {limit.measured:g} of {limit.limit:g} {limit.unit}"
