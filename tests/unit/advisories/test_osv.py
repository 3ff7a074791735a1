from __future__ import annotations

import json

import pytest

from tidegate.advisories import osv
from tidegate.errors import ContentError


def test_reads_what_is_needed_and_skips_the_rest() -> None:
    """Fields that this product has no use for may hold anything."""
    record = {"id": "PYSEC-1", "aliases": ["CVE-1"], "details": [1], "affected": [{"database_specific": 3}]}
    advisory = osv.parse(json.dumps(record).encode(), "x")
    assert advisory.names == {"PYSEC-1", "CVE-1"}
    assert len(advisory.affected) == 1


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"id": ""}', b'{"id": 3}', b"\xff", b"{" * 100_000])
def test_refuses_what_is_no_record(data: bytes) -> None:
    """With an error that names the place."""
    with pytest.raises(ContentError, match=r"dump\.zip"):
        osv.parse(data, "dump.zip")


def test_refuses_a_huge_record() -> None:
    """Before parsing it."""
    with pytest.raises(ContentError, match="accepted"):
        osv.parse(b" " * (osv.MAX_RECORD + 1), "x")


def test_names_are_normalised_by_their_ecosystem() -> None:
    """PyPI's by PEP 503."""
    assert osv.normalise("PyPI", "Foo_Bar.baz") == "foo-bar-baz"
    assert osv.normalise("Debian:12", "Libfoo_x") == "libfoo_x"


def test_a_record_is_cut_down_to_one_package() -> None:
    """Whatever way the record writes its name."""
    packages = [("PyPI", "A_B"), ("PyPI", "c"), ("npm", "a-b")]
    affected = tuple(osv.Affected(package=osv.Package(ecosystem, name)) for ecosystem, name in packages)
    cut = osv.for_package(osv.Advisory("X", affected=affected), "PyPI", "a-b")
    assert [item.package.name for item in cut.affected] == ["A_B"]
