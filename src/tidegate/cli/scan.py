"""`tidegate scan`: looks for vulnerabilities and model files that run code."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from tidegate.advisories.store import AdvisoryStore
from tidegate.cli.context import Context
from tidegate.cli.images import IMAGE_HELP, locate, project_of
from tidegate.errors import GateError, StorageError, UsageError
from tidegate.oci.image import load_images
from tidegate.project.config import Ignore, Scan
from tidegate.project.reader import CONFIG_NAME, Project, read_project
from tidegate.scan import gate, sarif, sbom
from tidegate.scan.inputs import MAX_BYTES, read_cyclonedx, read_requirements
from tidegate.scan.report import ScanReport
from tidegate.scan.text import lines

HELP = "look for vulnerabilities and model files that run code"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "image", metavar="IMAGE", help=f"{IMAGE_HELP}; or a model file, a requirements.txt, a CycloneDX JSON file"
    )
    parser.add_argument("--config", metavar="DIR", help="the model folder whose rules and exceptions count")
    parser.add_argument("--sarif", metavar="FILE", help="write the findings as SARIF 2.1.0")
    parser.add_argument("--sbom", metavar="FILE", help="write the image's packages as CycloneDX 1.6")
    parser.add_argument("--insecure", action="store_true", help="allow plain HTTP")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(arguments: argparse.Namespace, context: Context) -> int:
    path = Path(arguments.image)
    if path.is_file():
        surveys, subjects, project = _file(path, arguments, context)
    else:
        surveys, subjects, project = _image(arguments, context)
    rules, ignore = _rules(project)
    advisories = AdvisoryStore(context.home.advisories)
    report = gate.judge(surveys, rules, ignore, advisories, now=context.now(), subjects=subjects)
    _write(arguments, report, surveys, subjects)
    if arguments.json:
        context.json(report)
    else:
        for line in lines(report):
            context.out(line)
    return GateError.exit_code if report.stops else 0


def _rules(project: Project | None) -> tuple[Scan, Sequence[Ignore]]:
    return (project.config.scan, project.config.ignore) if project else (Scan(), ())


def _image(
    arguments: argparse.Namespace, context: Context
) -> tuple[list[gate.Survey], tuple[str, ...], Project | None]:
    located = locate(arguments.image, context, insecure=arguments.insecure)
    project = project_of(located, arguments.config, context)
    _, images = load_images(located.store, located.reference)
    surveys = [gate.survey(image, _rules(project)[0]) for image in images]
    return surveys, tuple(str(image.digest) for image in images), project


def _file(
    path: Path, arguments: argparse.Namespace, context: Context
) -> tuple[list[gate.Survey], tuple[str, ...], Project | None]:
    project = _project_here(arguments.config, context)
    try:
        with path.open("rb") as stream:
            if path.suffix == ".json" or (path.suffix == ".txt" and "require" in path.name):
                survey = _listed(path, stream.read(MAX_BYTES + 1))
            else:
                survey = gate.survey_file(path.name, stream, path.stat().st_size, _rules(project)[0])
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}", hint="give a file that can be read") from error
    return [survey], (path.name,), project


def _project_here(folder: str | None, context: Context) -> Project | None:
    if folder is not None or Path(CONFIG_NAME).is_file():
        return read_project(Path(folder or "."), context.environ)
    return None


def _listed(path: Path, data: bytes) -> gate.Survey:
    if len(data) > MAX_BYTES:
        raise UsageError(f"{path}: larger than the {MAX_BYTES} bytes that are accepted")
    if path.suffix == ".json":
        return read_cyclonedx(data, path.name)
    return read_requirements(data.decode("utf-8", "replace"), path.name)


def _write(
    arguments: argparse.Namespace, report: ScanReport, surveys: Sequence[gate.Survey], subjects: Sequence[str]
) -> None:
    try:
        if arguments.sarif:
            Path(arguments.sarif).write_bytes(sarif.write(report))
        if arguments.sbom:
            packages = {package for survey in surveys for package in survey.packages}
            Path(arguments.sbom).write_bytes(sbom.write(arguments.image, subjects[0], subjects[0], packages))
    except OSError as error:
        raise StorageError(f"{error.filename}: {error.strerror}", hint="check the folder's rights") from error
