"""Python packages resolved by uv for a target platform, whatever machine this is."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import uv
from packaging.utils import canonicalize_name

from tidegate.errors import ConfigError, Error, LockError, NetworkError
from tidegate.packages import pylock, requirements
from tidegate.packages.download import gone
from tidegate.packages.indexes import Indexes
from tidegate.packages.target import Target
from tidegate.project.lock import PythonPackage
from tidegate.transport.redaction import redact

_TIMEOUT = 900.0
_NO_WHEEL = re.compile(r"(?:Because |And because |and )(?P<name>[A-Za-z0-9._-]+)[^\s]* has no (?:usable )?wheels")
_MISSING = re.compile(r"(?P<name>[A-Za-z0-9._-]+) was not found in the package registry")
_NO_VERSION = re.compile(r"there (?:is|are) no versions? of (?P<name>[A-Za-z0-9._-]+)(?P<spec>[^\s]*)")
_ANNOTATED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==.*\n(?:\s+#.*\n)*?\s+# from (?P<index>\S+)$", re.MULTILINE)
_REFUSED = ("401 Unauthorized", "403 Forbidden")
_NETWORK = (*_REFUSED, "Failed to fetch", "error sending request", "Request failed")


class Uv:
    """uv with its cache in a folder of ours, the user's own settings left aside."""

    def __init__(self, indexes: Indexes, cache: Path) -> None:
        self._indexes = indexes
        self._cache = cache

    def resolve(
        self, path: Path, target: Target, *, previous: Sequence[PythonPackage] = (), upgrade: bool = False
    ) -> tuple[pylock.Choice, ...]:
        """The wheels that a requirements.txt, pyproject.toml, uv.lock or pylock.toml asks for, sorted by name.

        `previous` pins are kept where they still fit, unless `upgrade`. A uv.lock or pylock.toml is taken as
        it is. Raises ConfigError for what can't be locked, LockError when there is no wheel, NetworkError.
        """
        if not path.is_file():
            raise ConfigError(f"build.requirements: {path}: no such file")
        if path.name == "uv.lock":
            return self._from_uv_lock(path, target)
        if path.name == "pyproject.toml":
            return self._compile(path, target, () if upgrade else previous)
        if is_lock(path):
            return _from_pylock(path, target)
        requirements.check(path)
        return self._compile(path, target, () if upgrade else previous)

    def locate(self, packages: Sequence[PythonPackage], python: str) -> dict[str, pylock.Artifact]:
        """Where locked wheels are now, by file name, as the indexes' own listings say (PEP 503, PEP 691).

        Files that are gone are left out. Raises LockError when a version is gone, NetworkError.
        """
        with tempfile.TemporaryDirectory(prefix="tidegate-uv-") as folder:
            pins = Path(folder) / "requirements.txt"
            pins.write_text("".join(f"{package.name}=={package.version}\n" for package in packages))
            arguments = ["--universal", "--no-deps", "--python-version", python]
            output = self._pip_compile(pins, arguments, _explain_gone)
        found = pylock.parse(output, "uv")
        return {wheel.file: wheel for package in found.packages for wheel in package.wheels}

    def _compile(self, path: Path, target: Target, previous: Sequence[PythonPackage]) -> tuple[pylock.Choice, ...]:
        with tempfile.TemporaryDirectory(prefix="tidegate-uv-") as folder:
            kept = Path(folder) / "pylock.toml"
            kept.write_text(_preferences(previous))
            arguments = ["--python-platform", target.uv_platform, "--python-version", target.python]
            output = self._pip_compile(path, [*arguments, "--output-file", str(kept)], _failing(path, target))
            chosen = pylock.choose(pylock.parse(output, str(path)), target, str(path))
            return self._with_indexes(chosen, target) if self._indexes.configured else chosen

    def _with_indexes(self, chosen: Sequence[pylock.Choice], target: Target) -> tuple[pylock.Choice, ...]:
        """The same with the index that each came from, which only uv's other format says."""
        with tempfile.TemporaryDirectory(prefix="tidegate-uv-") as folder:
            pins = Path(folder) / "requirements.txt"
            pins.write_text("".join(f"{choice.name}=={choice.version}\n" for choice in chosen))
            arguments = ["--python-platform", target.uv_platform, "--python-version", target.python, "--no-deps"]
            fixed = [
                "pip",
                "compile",
                "--python",
                sys.executable,
                "--only-binary",
                ":all:",
                "--no-header",
                "--emit-index-annotation",
                str(pins),
            ]
            printed = self._run([*fixed, *arguments], _explain_gone).decode("utf-8", "replace")
        origins = {str(canonicalize_name(match["name"])): match["index"] for match in _ANNOTATED.finditer(printed)}
        return tuple(replace(choice, index=origins.get(choice.name, "")) for choice in chosen)

    def _from_uv_lock(self, path: Path, target: Target) -> tuple[pylock.Choice, ...]:
        arguments = ["export", "--frozen", "--format", "pylock.toml", "--no-emit-project", "--no-dev", "--no-header"]
        output = self._run([*arguments, "--directory", str(path.parent)], _failing(path, target))
        return pylock.choose(pylock.parse(output, str(path)), target, str(path))

    def _pip_compile(self, path: Path, arguments: Sequence[str], failed: Callable[[str], Error]) -> bytes:
        fixed = [
            "pip",
            "compile",
            "--python",
            sys.executable,
            "--format",
            "pylock.toml",
            "--only-binary",
            ":all:",
            "--no-header",
        ]
        return self._run([*fixed, *arguments, str(path.absolute())], failed)

    def _run(self, arguments: Sequence[str], failed: Callable[[str], Error]) -> bytes:
        options = ["--cache-dir", str(self._cache), "--no-config", "--no-python-downloads", "--no-progress"]
        try:
            done = subprocess.run(
                [uv.find_uv_bin(), *arguments, *options, "--color", "never"],
                env=self._indexes.uv_environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_TIMEOUT,
                check=False,
            )
        except FileNotFoundError as error:
            raise ConfigError("uv is not installed beside Tidegate", hint="install it: pip install uv") from error
        except subprocess.TimeoutExpired as error:
            raise NetworkError(f"uv: no end after {_TIMEOUT:.0f} s", hint="check the package index") from error
        if done.returncode:
            raise failed(done.stderr.decode("utf-8", "replace"))
        return done.stdout


def is_lock(path: Path) -> bool:
    """Whether a requirements file is itself a lock, taken as it is."""
    return path.name == "uv.lock" or (path.name.startswith("pylock.") and path.suffix == ".toml")


def _from_pylock(path: Path, target: Target) -> tuple[pylock.Choice, ...]:
    return pylock.choose(pylock.parse(requirements.read(path).encode(), str(path)), target, str(path))


def _preferences(previous: Sequence[PythonPackage]) -> str:
    """An earlier result for uv to prefer, in its own format."""
    entries = "".join(f'[[packages]]\nname = "{p.name}"\nversion = "{p.version}"\n' for p in previous)
    return f'lock-version = "1.0"\ncreated-by = "tidegate"\n{entries or "packages = []"}'


def _failing(path: Path, target: Target) -> Callable[[str], Error]:
    return lambda printed: explain(printed, path, target)


def explain(printed: str, path: Path, target: Target) -> Error:
    """The error for what uv printed when it couldn't resolve."""
    if any(sign in printed for sign in _REFUSED):
        return _unexplained(printed, str(path))
    if match := _NO_WHEEL.search(printed):
        return pylock.no_wheel(f"{path}: {_trimmed(match['name'])}", target)
    if match := _MISSING.search(printed):
        return LockError(
            f"{path}: no index has a package {match['name']}", hint="check its name, and build.indexes in tidegate.yaml"
        )
    if match := _NO_VERSION.search(printed):
        return LockError(
            f"{path}: no index has {match['name']}{match['spec'].rstrip(',.')} for Python {target.python}",
            hint="check the version, and build.indexes in tidegate.yaml",
        )
    return _unexplained(printed, f"{path}: can't be resolved for {target.platform}")


def _explain_gone(printed: str) -> Error:
    """The error for what uv printed when it couldn't find what is locked."""
    if match := _MISSING.search(printed) or _NO_VERSION.search(printed) or _NO_WHEEL.search(printed):
        return gone(f"Python package {_trimmed(match['name'])}")
    return _unexplained(printed, "the locked Python packages could not be looked up")


def _unexplained(printed: str, message: str) -> Error:
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    detail = "\n  ".join(redact(line.removeprefix("error: ").removeprefix("cause: ")) for line in lines[:8])
    if any(sign in printed for sign in _NETWORK):
        return NetworkError(
            f"a package index did not answer:\n  {detail}",
            hint="check the network, the proxy, build.indexes and the secrets that they name",
        )
    return ConfigError(f"{message}:\n  {detail}", hint="change the requirements so that they fit together")


def _trimmed(name: str) -> str:
    return name.rstrip(".-")
