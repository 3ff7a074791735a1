"""What a lock is resolved from, as one digest: an edit of code doesn't change it, an edit of requirements does."""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from tidegate.errors import ConfigError
from tidegate.oci.digest import Digest
from tidegate.project.config import Config

_MAX_FILE = 16 << 20
_INCLUDE = re.compile(rb"^[ \t]*(?:-r|-c|--requirement|--constraint)[ \t=]*([^\s#]+)", re.MULTILINE)
# What resolvers read of pyproject.toml.
_TABLES = ("requires-python", "dependencies", "optional-dependencies")


def digest(config: Config, files: Mapping[str, bytes]) -> str:
    """The digest of the base, Python, requirements, index addresses, system packages, platforms and weights.

    `files` are the requirement files by name, as `read` gives them.
    """
    build = config.build
    parts = {
        "base": build.base,
        "python": build.python,
        "requirements": build.requirements,
        "files": {name: Digest.of(data) for name, data in sorted(files.items())},
        "indexes": [index.url for index in build.indexes],
        "system_packages": sorted(build.system_packages),
        "platforms": sorted(build.platforms),
        "dockerfile": build.dockerfile is not None,
        "weights": [(w.name, w.source, w.include, w.exclude, w.sha256) for w in config.weights],
    }
    return str(Digest.of(msgspec.json.encode(parts, order="deterministic", enc_hook=str)))


def read(config: Config, folder: Path) -> dict[str, bytes]:
    """The requirement file and those that it includes, by their path below the folder. Raises ConfigError."""
    if config.build.requirements is None:
        return {}
    found: dict[str, bytes] = {}
    waiting = [posixpath.normpath(config.build.requirements)]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        data = _read(folder / name)
        found[name] = _relevant(name, data)
        if name.endswith((".txt", ".in")):
            below = posixpath.dirname(name)
            waiting += [posixpath.normpath(posixpath.join(below, other.decode())) for other in _includes(data)]
    return found


def _includes(data: bytes) -> list[bytes]:
    return [match for match in _INCLUDE.findall(data) if b"://" not in match and match.isascii()]


def _relevant(name: str, data: bytes) -> bytes:
    if posixpath.basename(name) != "pyproject.toml":
        return data.replace(b"\r\n", b"\n")
    try:
        document = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"build.requirements: {name}: {error}") from error
    project = document.get("project", {})
    tables = {key: project.get(key) for key in _TABLES}
    tables |= {"groups": document.get("dependency-groups"), "uv": document.get("tool", {}).get("uv")}
    return msgspec.json.encode(tables, order="deterministic")


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _MAX_FILE:
            raise ConfigError(f"build.requirements: {path}: larger than the {_MAX_FILE} bytes that are accepted")
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"build.requirements: {path}: {error.strerror}") from error
