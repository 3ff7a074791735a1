"""The scan gate: one pass over an image's files, then the policy."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO

from tidegate import __version__
from tidegate.oci.image import Image, Layer
from tidegate.project.config import Ignore, Scan
from tidegate.scan import policy, vulnerabilities
from tidegate.scan.containers import NOT_ANALYSED, Concern, examine
from tidegate.scan.packages import Package, PackageFinder
from tidegate.scan.pickles.allowlist import AllowList, load
from tidegate.scan.report import Finding, NotDone, ScanReport
from tidegate.scan.vulnerabilities import Advisories

_LIBRARIES = ("/site-packages/", "/dist-packages/")
_TESTS = ("/test/", "/tests/")


@dataclass(slots=True)
class Survey:
    """What was found in files, before anything is said about it."""

    packages: tuple[Package, ...] = ()
    distribution: str = ""
    concerns: list[Concern] = field(default_factory=list)
    # The question whether model files run code was not asked.
    unasked: bool = False
    not_done: list[NotDone] = field(default_factory=list)
    files: int = 0


def scan(
    images: Sequence[Image], rules: Scan, ignore: Sequence[Ignore], advisories: Advisories | None, now: datetime
) -> ScanReport:
    """Scan the images of one release, one for each platform. Raises ContentError for a broken layer.

    `advisories` is None where there is no vulnerability data at all.
    """
    surveys = [survey(image, rules) for image in images]
    subjects = tuple(str(image.digest) for image in images)
    return judge(surveys, rules, ignore, advisories, now=now, subjects=subjects)


def survey(image: Image, rules: Scan) -> Survey:
    """Read every file of an image once."""
    allowed = _allow_list(rules)
    finder = PackageFinder()
    found = Survey(unasked=allowed is None)
    rewindable = {layer.descriptor.digest: _is_rewindable(image, layer) for layer in image.layers}
    for layer, entry, content in image.files():
        if content is None:
            continue
        found.files += 1
        if PackageFinder.wants(entry.path):
            finder.take(entry.path, content)
        elif allowed is not None:
            can_rewind = rewindable[layer.descriptor.digest]
            found.concerns += examine(entry.path, content, entry.size, allowed, rewindable=can_rewind)
    found.packages, found.distribution = finder.packages(), finder.distribution()
    return found


def survey_file(name: str, stream: IO[bytes], size: int, rules: Scan) -> Survey:
    """Examine a single model file. The stream must be seekable."""
    allowed = _allow_list(rules)
    concerns = [] if allowed is None else examine(name, stream, size, allowed, rewindable=True)
    return Survey(concerns=concerns, unasked=allowed is None, files=1)


def judge(
    surveys: Sequence[Survey],
    rules: Scan,
    ignore: Sequence[Ignore],
    advisories: Advisories | None,
    *,
    now: datetime,
    subjects: tuple[str, ...],
) -> ScanReport:
    """The report on what was found in `subjects`: digests of images, or names of files."""
    max_age = policy.seconds(rules.advisories.max_age)
    findings: dict[tuple[str, ...], Finding] = {}
    not_done: dict[tuple[str, ...], NotDone] = {}
    used = {}
    for found in surveys:
        matches = vulnerabilities.match(
            found.packages, advisories, found.distribution,
            required=rules.advisories.required, max_age=max_age, now=now,
        )  # fmt: skip
        for finding in (*matches.findings, *_model_findings(found)):
            findings[finding.id, finding.subject, finding.location, finding.message] = finding
        for item in (*matches.not_done, *found.not_done, *_model_checks(found)):
            not_done[item.id, item.location, item.reason] = item
        used.update({source.ecosystem: source for source in matches.used})
    outcome = policy.judge(findings.values(), not_done.values(), rules, ignore, now.date())
    return ScanReport(
        verdict=outcome.verdict,
        stops=outcome.stops,
        subjects=subjects,
        scanned_at=now,
        tidegate=__version__,
        findings=outcome.findings,
        not_done=outcome.not_done,
        warnings=outcome.warnings,
        packages=len({package.purl for found in surveys for package in found.packages}),
        files=sum(found.files for found in surveys),
        advisories=tuple(used.values()),
    )


def _allow_list(rules: Scan) -> AllowList | None:
    return load(rules.pickle_allow) if rules.pickle == "allowlist" else None


def _is_rewindable(image: Image, layer: Layer) -> bool:
    """Whether the layer is a plain file: then its zip files need not be copied to be read."""
    with closing(image.read_layer(layer)) as stream:
        return stream.seekable() and not isinstance(stream, gzip.GzipFile)


def _model_findings(found: Survey) -> Iterator[Finding]:
    for concern in found.concerns:
        test_data = _is_test_data(concern.location)
        if test_data or concern.code != NOT_ANALYSED:
            yield Finding(
                id=concern.code,
                category="model-file",
                severity="low" if test_data else "critical",
                subject=concern.location,
                location=concern.location,
                message=concern.detail,
            )


def _model_checks(found: Survey) -> Iterator[NotDone]:
    if found.unasked:
        yield NotDone(id="model-files", location="", reason="switched off by scan.pickle: off", required=False)
    for concern in found.concerns:
        if concern.code == NOT_ANALYSED and not _is_test_data(concern.location):
            yield NotDone(id=NOT_ANALYSED, location=concern.location, reason=concern.detail, required=True)


def _is_test_data(location: str) -> bool:
    """Data of an installed library's own tests: the library is code that runs anyway."""
    library = max(location.find(folder) for folder in _LIBRARIES)
    return library >= 0 and any(folder in location[library:] for folder in _TESTS)
