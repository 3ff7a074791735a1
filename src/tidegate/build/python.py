"""Finding an image's Python, and where packages for it go, by looking at its files."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from packaging.utils import canonicalize_name

from tidegate.build.filesystem import Filesystem
from tidegate.errors import ConfigError
from tidegate.oci.descriptor import Platform
from tidegate.packages.target import Target, suite_glibc
from tidegate.packages.wheel import InstallPaths, debian_paths, prefix_paths
from tidegate.project.lock import LockedBase

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_INTERPRETER = re.compile(r"python(3\.[0-9]+)")


@dataclass(frozen=True, slots=True)
class Python:
    """An interpreter's version, such as `3.11`, and where its packages go."""

    version: str
    paths: InstallPaths


def find(files: Filesystem, environment: Iterable[str]) -> Python | None:
    """The first `python3` on the image's PATH (`environment` as in its configuration), or None."""
    variables = dict(item.partition("=")[::2] for item in environment)
    for folder in (variables.get("PATH") or _PATH).split(":"):
        resolved = files.resolve(posixpath.join(folder, "python3")) or ""
        if match := _INTERPRETER.fullmatch(posixpath.basename(resolved)):
            return Python(match[1], _paths(files, folder, f"/{resolved}", match[1]))
    return None


def target(base: LockedBase, version: str, platform: Platform) -> Target:
    """What wheels are chosen for: the C library of a Debian suite is known, of any other base an old one is assumed."""
    return Target(version, platform, suite_glibc(base.reference if base.kind == "debian" else ""))


def require(python: Python | None, asked: str | None) -> None:
    """Check against `build.python`. Raises ConfigError for another version or none."""
    if asked and python is None:
        raise ConfigError("build.base: there is no python3 on its PATH", hint="use a base with Python 3")
    if asked and python and python.version != asked:
        raise ConfigError(
            f"build.python: {asked} is asked for, but the base has Python {python.version}",
            hint=f'set build.python to "{python.version}", or choose another base',
        )


def check_installed(files: Filesystem, python: Python, wanted: Iterable[str]) -> None:
    """Raises ConfigError when a package to be added lies where packages go already (PEP 376)."""
    folder = python.paths.library.strip("/") + "/"
    names = {path.removeprefix(folder).partition("/")[0] for path in files.items if path.startswith(folder)}
    found = (name.removesuffix(".dist-info").rpartition("-") for name in names if name.endswith(".dist-info"))
    there = {str(canonicalize_name(name)): version for name, _, version in found}
    twice = sorted(name for name in map(canonicalize_name, wanted) if name in there)
    if twice:
        raise ConfigError(
            f"build.base: it already has the Python package {twice[0]} {there[twice[0]]}, which is locked too",
            hint="use a base without it, or take it out of the requirements",
        )


def _paths(files: Filesystem, folder: str, resolved: str, version: str) -> InstallPaths:
    environment = posixpath.dirname(posixpath.normpath(folder))
    if files.resolve(f"{environment}/pyvenv.cfg"):
        return replace(prefix_paths(environment, version), interpreter=f"{environment}/bin/python3")
    prefix = posixpath.dirname(posixpath.dirname(resolved))
    if prefix == "/usr" and (files.resolve("/etc/debian_version") or files.resolve("/usr/lib/python3/dist-packages")):
        return debian_paths(version)
    return replace(prefix_paths(prefix, version), interpreter=resolved)
