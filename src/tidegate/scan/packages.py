"""Installed packages, read from an image's files without running anything."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.parser import HeaderParser
from typing import IO

from debian_inspector import debcon
from packageurl import PackageURL
from packaging.utils import canonicalize_name

from tidegate.errors import ContentError

# Bytes of one file of metadata; dpkg's status file of a full desktop has 10 MB.
_MAX_METADATA = 64 << 20
_PYTHON = re.compile(r"(?:^|/)[^/]+\.(?:dist-info/METADATA|egg-info/PKG-INFO|egg-info)$")
_DPKG = re.compile(r"^var/lib/dpkg/(?:status|status\.d/[^/]+)$")
_RELEASE = frozenset({"etc/os-release", "usr/lib/os-release"})
# Folders whose packages are data of somebody's tests.
_TESTS = frozenset({"test", "tests", "testdata", "test-data", "fixtures"})
# Where Debian's own packages put Python modules, patched by Debian under the upstream version.
_DEBIAN_PYTHON = "usr/lib/python3/dist-packages/"
_SOURCE = re.compile(r"(\S+)(?:\s+\(([^)]+)\))?")


@dataclass(frozen=True, slots=True)
class Package:
    """`ecosystem` and `source…` are what advisories are looked up by; empty when others answer for it."""

    kind: str
    name: str
    version: str
    location: str
    ecosystem: str = ""
    source: str = ""
    source_version: str = ""
    architecture: str = ""
    distribution: str = ""

    @property
    def purl(self) -> str:
        """The package URL (purl specification)."""
        if self.kind == "pypi":
            return PackageURL("pypi", None, canonicalize_name(self.name), self.version).to_string()
        qualifiers = {"arch": self.architecture, "distro": self.distribution}
        known = {key: value for key, value in qualifiers.items() if value}
        return PackageURL("deb", "debian", self.name, self.version, known).to_string()


@dataclass(slots=True)
class PackageFinder:
    """Takes the files that say what is installed; `packages` then tells."""

    _python: list[Package] = field(default_factory=list)
    _stanzas: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    _release: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def wants(path: str) -> bool:
        """Whether a path, relative to the root, is one of those files."""
        if path in _RELEASE or _DPKG.match(path):
            return True
        return bool(_PYTHON.search(path)) and _TESTS.isdisjoint(path.split("/"))

    def take(self, path: str, content: IO[bytes]) -> None:
        """Read one of them. Raises ContentError when it is too large."""
        data = content.read(_MAX_METADATA + 1)
        if len(data) > _MAX_METADATA:
            raise ContentError(f"{path}: larger than the {_MAX_METADATA} bytes that are accepted of package metadata")
        text = data.decode("utf-8", "replace")
        if path in _RELEASE:
            self._release |= _assignments(text)
        elif _DPKG.match(path):
            self._stanzas.extend((path, stanza) for stanza in debcon.get_paragraphs_data(text))
        else:
            self._take_python(path, text)

    def _take_python(self, path: str, text: str) -> None:
        headers = HeaderParser().parsestr(text[: 1 << 20])
        name, version = headers.get("Name"), headers.get("Version")
        if name and version:
            self._python.append(
                Package("pypi", name.strip(), version.strip(), path, "PyPI", name.strip(), version.strip())
            )

    def packages(self) -> tuple[Package, ...]:
        """Everything that is installed, sorted."""
        debian = [package for path, stanza in self._stanzas if (package := self._debian(path, stanza))]
        python = [_by_debian(package) if debian else package for package in self._python]
        return tuple(sorted({*debian, *python}, key=lambda item: (item.kind, item.name, item.version, item.location)))

    def distribution(self) -> str:
        """The suite as advisories name it, `Debian:12`, or what os-release calls the system, or empty."""
        name, version = self._release.get("ID", ""), self._release.get("VERSION_ID", "")
        return f"Debian:{version.partition('.')[0]}" if name == "debian" and version else name

    def _debian(self, path: str, stanza: dict[str, str]) -> Package | None:
        name, version = stanza.get("package", ""), stanza.get("version", "")
        # A stanza of status.d has no status: what is there is installed.
        status = stanza.get("status", "install ok installed").split()
        if not name or not version or status[-1] != "installed":
            return None
        match = _SOURCE.fullmatch(stanza.get("source", name).strip())
        source, source_version = (match[1], match[2] or version) if match else (name, version)
        suite = self.distribution()
        return Package(
            kind="deb",
            name=name,
            version=version,
            location=path,
            ecosystem=suite if suite.startswith("Debian:") else "",
            source=source,
            source_version=source_version,
            architecture=stanza.get("architecture", ""),
            distribution=suite.lower().replace(":", "-"),
        )


def _by_debian(package: Package) -> Package:
    if not package.location.startswith(_DEBIAN_PYTHON):
        return package
    return Package(package.kind, package.name, package.version, package.location)


def _assignments(text: str) -> dict[str, str]:
    """os-release(5): `NAME=value`, in quotes or not."""
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {key.strip(): value.strip().strip("\"'") for key, _, value in pairs}
