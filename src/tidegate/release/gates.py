"""Runs the gates on an image: joins scan and imagetest with the image, the runtimes and the advisories."""

from __future__ import annotations

import posixpath
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from tidegate.advisories.store import AdvisoryStore
from tidegate.errors import RuntimeUnavailable
from tidegate.imagetest import gate as imagetest
from tidegate.imagetest.plan import Plan, load
from tidegate.imagetest.report import TestReport
from tidegate.oci.image import Image
from tidegate.project.config import Config
from tidegate.project.lock import Lock
from tidegate.project.reader import Project
from tidegate.project.verdict import Verdict
from tidegate.release.services import Services
from tidegate.runtime.interface import Runtime
from tidegate.runtime.launch import Launcher
from tidegate.runtime.select import select
from tidegate.scan import gate as scan
from tidegate.scan import sarif, sbom
from tidegate.scan.report import ScanReport
from tidegate.scan.sbom import ModelFile

_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Scanned:
    """The scan's report, and the documents made of the same survey."""

    report: ScanReport
    sbom: bytes
    sarif: bytes


def run_scan(images: Sequence[Image], config: Config, lock: Lock | None, services: Services, subject: str) -> Scanned:
    """Scan the images of one release. `subject` is the digest that the SBOM is about. Raises ContentError."""
    surveys = [scan.survey(image, config.scan) for image in images]
    report = scan.judge(
        surveys,
        config.scan,
        config.ignore,
        AdvisoryStore(services.home.advisories),
        now=services.now(),
        subjects=tuple(str(image.digest) for image in images),
    )
    packages = {package.purl: package for found in surveys for package in found.packages}
    bill = sbom.write(config.model.name, config.model.version or "", subject, packages.values(), _models(config, lock))
    return Scanned(report, bill, sarif.write(report))


def run_tests(
    images: Sequence[Image], project: Project, services: Services, runtime: str | None = None
) -> tuple[TestReport, ...]:
    """Test the image of this machine's platform, by the runtime that is named or the first that works.

    The reports of other platforms say that they were not tested, which is optional beside one that was.
    Raises ConfigError for a broken golden case, OutsideError when a container can't be started.
    """
    runs_here = any(services.machine.runs(image.platform) for image in images)
    return tuple(_test(image, project, services, runtime, optional=runs_here) for image in images)


def _models(config: Config, lock: Lock | None) -> Iterator[ModelFile]:
    """The weight files where they lie in the image."""
    paths = {weights.name: weights.path for weights in config.weights}
    for weights in lock.weights if lock else ():
        for file in weights.files:
            place = paths[weights.name]
            yield ModelFile(place if file.path == "." else posixpath.join(place, file.path), file.sha256)


def _test(image: Image, project: Project, services: Services, runtime: str | None, *, optional: bool) -> TestReport:
    plan = load(project.config, project.folder, image=str(image.digest), platform=str(image.platform))
    if not services.machine.runs(image.platform):
        reason = f"an image for {image.platform} can't run on this {services.machine} machine"
        return imagetest.not_done(plan, reason, required=plan.test.required and not optional)
    try:
        chosen = select(services.environ, runtime)
    except RuntimeUnavailable as error:
        return imagetest.not_done(plan, error.message)
    return imagetest.run(plan, _launcher(image, plan, chosen, services), time.monotonic)


def _launcher(image: Image, plan: Plan, runtime: Runtime, services: Services) -> Launcher:
    memory = plan.test.limits.memory_mb
    return Launcher(
        image=image,
        runtime=runtime,
        cache=services.home.roots,
        network=plan.test.network,
        memory=int(memory * _MEGABYTE) if memory else None,
        port=plan.port,
    )


def evidence_of(reports: Sequence[TestReport]) -> tuple[bytes, Verdict]:
    """The reports of all platforms as the one document that is kept, and its verdict.

    It is the report of the platform that ran, with a note on each that could not.
    """
    done = [report for report in reports if report.verdict is not Verdict.INCOMPLETE] or list(reports)
    notes = tuple(f"{report.platform}: not tested: {report.message}" for report in reports if report not in done)
    main = msgspec.structs.replace(done[0], notes=(*done[0].notes, *notes))
    return main.to_json(), Verdict.combine(report.verdict for report in done)
