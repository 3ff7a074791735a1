"""A report with one of everything."""

from __future__ import annotations

from datetime import UTC, datetime

from tidegate.project.verdict import Verdict
from tidegate.scan.report import Finding, NotDone, ScanReport, Suppression

REPORT = ScanReport(
    verdict=Verdict.FAILED,
    stops=True,
    subjects=("sha256:" + "0" * 64,),
    scanned_at=datetime(2026, 5, 1, tzinfo=UTC),
    tidegate="0",
    findings=(
        Finding(
            id="CVE-1",
            category="vulnerability",
            severity="high",
            subject="x 1",
            location="a b/METADATA",
            message="bad",
            purl="pkg:pypi/x@1",
            fixed_in="2",
            fails=True,
        ),
        Finding(
            id="pickle-global",
            category="model-file",
            severity="critical",
            subject="m.pkl",
            location="m.pkl",
            message="it imports os.system\x1b[31m",
            suppressed=Suppression(statement="ours", owner="@me", expired_at="2026-12-01"),
        ),
    ),
    not_done=(NotDone(id="not-analysed", location="m.onnx", reason="ONNX", required=True),),
    warnings=("ignore: X matches nothing",),
    packages=3,
    files=7,
)
