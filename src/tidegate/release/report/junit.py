"""JUnit XML, as every CI reads it: stages, golden cases and limits as test cases."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from tidegate.imagetest.report import LimitResult
from tidegate.project.verdict import Verdict
from tidegate.release.report import checks
from tidegate.release.report.model import ReleaseReport

# XML 1.0, 2.2: no other control characters, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    verdict: Verdict
    seconds: float
    message: str


def render(report: ReleaseReport) -> bytes:
    """One suite for each kind of check. What was not done is an error if it stopped the release, else skipped."""
    root = ET.Element("testsuites", name=_clean(report.model))
    stopped = report.verdict is Verdict.FAILED
    _suite(root, "stages", (_Row(s.name, s.verdict, s.seconds, s.message) for s in report.stages), stopped=stopped)
    cases = (_Row(c.name, c.verdict, c.seconds, c.message) for c in checks.cases(report))
    _suite(root, "golden cases", cases, stopped=stopped)
    limits = (_Row(x.name, x.verdict, 0.0, x.message or _measured(x)) for x in checks.limits(report))
    _suite(root, "limits", limits, stopped=stopped)
    ET.indent(root)
    data: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return data + b"\n"


def _suite(root: ET.Element, name: str, rows: Iterable[_Row], *, stopped: bool) -> None:
    found = list(rows)
    if not found:
        return
    not_done = sum(row.verdict is Verdict.INCOMPLETE for row in found)
    suite = ET.SubElement(
        root,
        "testsuite",
        name=name,
        tests=str(len(found)),
        failures=str(sum(row.verdict is Verdict.FAILED for row in found)),
        errors=str(not_done if stopped else 0),
        skipped=str(0 if stopped else not_done),
        time=f"{sum(row.seconds for row in found):.3f}",
    )
    for row in found:
        case = ET.SubElement(
            suite, "testcase", classname=f"tidegate.{name}", name=_clean(row.name), time=f"{row.seconds:.3f}"
        )
        if row.verdict is not Verdict.PASSED:
            word = "failure" if row.verdict is Verdict.FAILED else "error" if stopped else "skipped"
            ET.SubElement(case, word, message=_clean(row.message))


def _measured(limit: LimitResult) -> str:
    measured = "not measured" if limit.measured is None else f"{limit.measured:g} {limit.unit}"
    return f"{measured}, the limit is {limit.limit:g} {limit.unit}"


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("?", text)
