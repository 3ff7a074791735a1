"""Packages from a list instead of an image: a CycloneDX document or a requirements file."""

from __future__ import annotations

import re

import msgspec
from packageurl import PackageURL
from packaging.requirements import InvalidRequirement, Requirement

from tidegate.errors import ContentError
from tidegate.scan.gate import Survey
from tidegate.scan.packages import Package
from tidegate.scan.report import NotDone

MAX_BYTES = 64 << 20
_COMMENT = re.compile(r"(^|\s)#.*$")
_OPTIONS = re.compile(r"\s--hash=\S+")


class _Component(msgspec.Struct):
    name: str = ""
    version: str = ""
    purl: str = ""
    components: list[_Component] = []


class _Document(msgspec.Struct, rename="camel"):
    bom_format: str
    components: list[_Component] = []


def read_requirements(text: str, where: str) -> Survey:
    """The packages that a requirements file pins; what it doesn't pin can't be looked up and is `not_done`."""
    survey = Survey(files=1)
    packages = []
    for line in text.replace("\\\n", " ").splitlines():
        bare = _OPTIONS.sub("", _COMMENT.sub("", line)).strip()
        if not bare or bare.startswith(("--index-url", "--extra-index-url", "--only-binary", "--no-binary")):
            continue
        name, version = _pinned(bare)
        if version:
            packages.append(Package("pypi", name, version, where, "PyPI", name, version))
        else:
            reason = f"{bare[:200]!r} pins no version, as name==version does"
            survey.not_done.append(NotDone(id="vulnerabilities", location=where, reason=reason, required=True))
    survey.packages = tuple(packages)
    return survey


def _pinned(line: str) -> tuple[str, str]:
    try:
        requirement = Requirement(line)
    except InvalidRequirement:
        return line, ""
    exact = [item.version for item in requirement.specifier if item.operator in {"==", "==="}]
    return requirement.name, exact[0] if len(exact) == 1 and "*" not in exact[0] else ""


def read_cyclonedx(data: bytes, where: str) -> Survey:
    """The Python and Debian packages of a CycloneDX document. Raises ContentError."""
    try:
        document = msgspec.json.decode(data, type=_Document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ContentError(f"{where}: not a CycloneDX document: {error}", hint="CycloneDX JSON is expected") from error
    if document.bom_format != "CycloneDX":
        raise ContentError(f"{where}: bomFormat is {document.bom_format!r}", hint="CycloneDX JSON is expected")
    survey = Survey(files=1)
    components = list(document.components)
    packages = []
    for component in components:
        components.extend(component.components)
        package = _package(component, where)
        if package is not None:
            packages.append(package)
        elif component.purl:
            reason = f"{component.purl[:200]}: there is no data for packages of this kind"
            survey.not_done.append(NotDone(id="vulnerabilities", location=where, reason=reason, required=False))
    survey.packages = tuple(packages)
    return survey


def _package(component: _Component, where: str) -> Package | None:
    try:
        purl = PackageURL.from_string(component.purl)
    except ValueError:
        return None
    version = purl.version or component.version
    if not version:
        return None
    if purl.type == "pypi":
        return Package("pypi", purl.name, version, where, "PyPI", purl.name, version)
    qualifiers = purl.qualifiers if isinstance(purl.qualifiers, dict) else {}
    suite = re.fullmatch(r"debian-(\d+)(?:\..*)?", qualifiers.get("distro", ""))
    if purl.type != "deb" or suite is None:
        return None
    # The document names the binary package; Debian's data names the source, which often has the same name.
    return Package("deb", purl.name, version, where, f"Debian:{suite[1]}", purl.name, version)
