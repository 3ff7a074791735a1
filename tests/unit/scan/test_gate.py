from __future__ import annotations

import gzip
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.assets.scan.malicious import SYSTEM, zipped
from tests.images import Item, make_image, make_layer

from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.image import Image
from tidegate.oci.layout import Layout
from tidegate.oci.store import put_bytes
from tidegate.project.config import Advisories, Scan
from tidegate.project.verdict import Verdict
from tidegate.scan.gate import scan, survey, survey_file
from tidegate.scan.report import ScanReport

NOW = datetime(2026, 5, 1, tzinfo=UTC)
RULES = Scan(advisories=Advisories(required=False))
SITE = "usr/lib/python3.11/site-packages"
METADATA = b"Name: numpy\nVersion: 2.0\n"


def image(tmp_path: Path, *layers: dict[str, Item]) -> Image:
    return make_image(Layout(tmp_path / "layout"), [make_layer(dict(files)) for files in layers], command=["x"])


def run(found: Image, rules: Scan = RULES) -> ScanReport:
    return scan([found], rules, (), None, NOW)


def test_a_poisoned_model_stops(tmp_path: Path) -> None:
    """Wherever in the image it lies, with its path."""
    report = run(image(tmp_path, {"a": b"x"}, {"models": None, "models/m.bin": SYSTEM}))
    assert (report.verdict, report.stops) == (Verdict.FAILED, True)
    (finding,) = report.findings
    assert (finding.id, finding.category, finding.location) == ("pickle-global", "model-file", "models/m.bin")


def test_a_clean_image_passes(tmp_path: Path) -> None:
    """And says what it looked at."""
    report = run(image(tmp_path, {"a": b"x", "b.py": b"import os\n"}))
    assert (report.verdict, report.stops, report.files) == (Verdict.PASSED, False, 2)


def test_a_file_that_a_later_layer_removes_does_not_count(tmp_path: Path) -> None:
    """A container never sees it."""
    assert not run(image(tmp_path, {"m.pkl": SYSTEM}, {".wh.m.pkl": b""})).findings


def test_a_model_that_cannot_be_read_stops(tmp_path: Path) -> None:
    """Not analysed is not clean."""
    report = run(image(tmp_path, {"m.onnx": b"\x08"}))
    assert (report.verdict, report.stops) == (Verdict.INCOMPLETE, True)
    assert report.not_done[0].location == "m.onnx"


def test_a_check_that_was_switched_off_is_said(tmp_path: Path) -> None:
    """It is not done, by choice."""
    report = run(image(tmp_path, {"m.pkl": SYSTEM}), Scan(pickle="off", advisories=RULES.advisories))
    assert (report.verdict, report.stops) == (Verdict.INCOMPLETE, False)


@pytest.mark.parametrize("required", [True, False])
def test_missing_data_stops_only_where_it_is_required(tmp_path: Path, required: bool) -> None:
    """It is said either way."""
    found = image(tmp_path, {f"{SITE}/numpy-2.0.dist-info/METADATA": METADATA})
    report = run(found, Scan(advisories=Advisories(required=required)))
    assert (report.verdict, report.stops) == (Verdict.INCOMPLETE, required)
    assert report.packages == 1


def test_a_library_s_own_test_data_is_low(tmp_path: Path) -> None:
    """The library is code that runs anyway."""
    report = run(image(tmp_path, {f"{SITE}/joblib/test/data/old.pkl": SYSTEM}))
    assert [finding.severity for finding in report.findings] == ["low"]
    assert not report.stops


def test_compressed_layers_are_read_as_well(tmp_path: Path) -> None:
    """Where content can only be read forward."""
    store = Layout(tmp_path / "layout")
    tar = make_layer({"m.pt": zipped({"x/data.pkl": SYSTEM})})
    packed = put_bytes(store, gzip.compress(tar), media_types.LAYER_GZIP)
    layer = Descriptor(media_type=media_types.LAYER_GZIP, digest=packed.digest, size=packed.size)
    report = run(make_image(store, [layer], command=["x"]))
    assert [finding.location for finding in report.findings] == ["m.pt!x/data.pkl"]


def test_a_configuration_s_own_globals_pass(tmp_path: Path) -> None:
    """By exact name."""
    rules = Scan(pickle_allow=("posix.system",))
    assert survey(image(tmp_path, {"m.pkl": SYSTEM}), rules).concerns == []


def test_a_single_file_can_be_scanned() -> None:
    """By its name and content."""
    assert survey_file("m.pkl", io.BytesIO(SYSTEM), len(SYSTEM), Scan()).concerns
