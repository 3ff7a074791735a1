from __future__ import annotations

import io

import pytest

from tidegate.errors import ContentError
from tidegate.scan import packages
from tidegate.scan.packages import PackageFinder

SITE = "usr/local/lib/python3.11/site-packages"
RELEASE = "ID=debian\nVERSION_ID=\"12\"\n# comment\nPRETTY_NAME='x'\n"
STATUS = """\
Package: libssl3
Status: install ok installed
Architecture: amd64
Source: openssl (3.0.19-1~deb12u2)
Version: 3.0.19-1~deb12u2+b1
Description: a
 long one

Package: gone
Status: deinstall ok config-files
Version: 1.0

Package: tzdata
Status: install ok installed
Version: 2025a-0
"""


def find(files: dict[str, str]) -> PackageFinder:
    finder = PackageFinder()
    for path, text in files.items():
        assert finder.wants(path)
        finder.take(path, io.BytesIO(text.encode()))
    return finder


def test_debian_packages_are_told_by_their_source() -> None:
    """Name, version and suite as advisories have them; what isn't installed is left out."""
    finder = find({"var/lib/dpkg/status": STATUS, "etc/os-release": RELEASE})
    libssl, tzdata = finder.packages()
    assert (libssl.source, libssl.source_version, libssl.ecosystem) == ("openssl", "3.0.19-1~deb12u2", "Debian:12")
    assert (tzdata.source, tzdata.source_version) == ("tzdata", "2025a-0")
    assert libssl.purl == "pkg:deb/debian/libssl3@3.0.19-1~deb12u2%2Bb1?arch=amd64&distro=debian-12"


def test_distroless_images_keep_a_file_for_each_package() -> None:
    """Without a status."""
    (found,) = find({"var/lib/dpkg/status.d/base": "Package: base\nVersion: 1\n"}).packages()
    assert found.name == "base"
    assert found.ecosystem == ""


@pytest.mark.parametrize("path", ["Foo_Bar-1.0.dist-info/METADATA", "x.egg-info/PKG-INFO", "x.egg-info"])
def test_python_packages(path: str) -> None:
    """By their metadata's headers."""
    text = "Metadata-Version: 2.1\nName: Foo_Bar\nVersion: 1.0+cu118\n\nName: not this\n"
    (found,) = find({f"{SITE}/{path}": text}).packages()
    assert found.purl == "pkg:pypi/foo-bar@1.0%2Bcu118"
    assert found.ecosystem == "PyPI"


def test_vendored_packages_count_and_test_data_does_not() -> None:
    """Code that runs is code."""
    assert PackageFinder.wants(f"{SITE}/setuptools/_vendor/wheel-0.45.dist-info/METADATA")
    assert not PackageFinder.wants(f"{SITE}/pip/tests/data/evil-1.dist-info/METADATA")
    assert not PackageFinder.wants("home/status")


def test_debian_answers_for_its_own_python_packages() -> None:
    """It patches them under the upstream version."""
    path = "usr/lib/python3/dist-packages/jwt-2.6.0.dist-info/METADATA"
    found = find({path: "Name: pyjwt\nVersion: 2.6.0\n", "var/lib/dpkg/status": STATUS}).packages()
    assert [item.ecosystem for item in found if item.kind == "pypi"] == [""]


def test_huge_metadata_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it is parsed."""
    monkeypatch.setattr(packages, "_MAX_METADATA", 10)
    with pytest.raises(ContentError, match="status"):
        PackageFinder().take("var/lib/dpkg/status", io.BytesIO(b"x" * 11))
