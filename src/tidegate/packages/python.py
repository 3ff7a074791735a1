"""Python packages for a target: resolved to locked wheels, and locked wheels fetched by hash."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tidegate.errors import ConfigError, LockError
from tidegate.oci.digest import Digest
from tidegate.packages.download import Cache, Wanted, fetch_all, gone
from tidegate.packages.indexes import Indexes
from tidegate.packages.pylock import Artifact, Choice
from tidegate.packages.target import Target
from tidegate.packages.uv import Uv, is_lock
from tidegate.project.lock import PythonPackage, file_digest
from tidegate.transport.http import Transport
from tidegate.transport.redaction import redact


class PythonPackages:
    """The wheels of a model, from its indexes by way of a cache folder."""

    def __init__(self, indexes: Indexes, cache: Path, transport: Transport) -> None:
        self._indexes = indexes
        self._uv = Uv(indexes, cache / "uv")
        self._cache = Cache(cache / "wheels")
        self._transport = transport

    def resolve(
        self, requirements: Path, target: Target, *, previous: Sequence[PythonPackage] = (), upgrade: bool = False
    ) -> tuple[PythonPackage, ...]:
        """Lock a requirements.txt, pyproject.toml, uv.lock or pylock.toml for a target, sorted by name.

        `previous` pins are kept where they still fit, unless `upgrade`. A wheel whose size its index doesn't
        tell is fetched. Raises ConfigError, LockError, NetworkError.
        """
        chosen = self._uv.resolve(requirements, target, previous=previous, upgrade=upgrade)
        locked = tuple(self._locked(choice) for choice in chosen)
        if is_lock(requirements) and locked:
            self._check_reachable(locked, chosen, target, requirements)
        return locked

    def fetch(self, packages: Sequence[PythonPackage], python: str) -> tuple[Path, ...]:
        """The wheels as files under their own names, in order; what the cache lacks is downloaded side by side.

        Asks no index when the cache has them all. Raises LockError for one that is gone from its index,
        NetworkError, DigestMismatch.
        """
        paths = [self._cache.path(file_digest(package), package.file) for package in packages]
        missing = [
            package for package in packages if not self._cache.has(file_digest(package), package.file, package.size)
        ]
        if missing:
            found = self._uv.locate(missing, python)
            wanted = [self._wanted(package, found.get(package.file)) for package in missing]
            fetch_all(
                [
                    (item, self._cache.path(item.digest, package.file))
                    for item, package in zip(wanted, missing, strict=True)
                ],
                self._transport,
            )
        return tuple(paths)

    def _check_reachable(
        self, locked: Sequence[PythonPackage], chosen: Sequence[Choice], target: Target, requirements: Path
    ) -> None:
        """A lock made elsewhere may name indexes that aren't configured here: say so now, not at the build."""
        try:
            found = self._uv.locate(locked, target.python)
        except LockError as error:
            what = error.message.partition(":")[0]
            raise _unreachable(f"{requirements}: {what}", [choice.index for choice in chosen]) from error
        for package, choice in zip(locked, chosen, strict=True):
            if package.file not in found:
                raise _unreachable(f"{requirements}: Python package {package.name}", [choice.index])

    def _wanted(self, package: PythonPackage, wheel: Artifact | None) -> Wanted:
        what = f"Python package {package.name} {package.version} ({package.file})"
        if wheel is None or wheel.hashes.get("sha256", package.sha256) != package.sha256:
            raise gone(what)
        return Wanted(what, file_digest(package), package.size, [wheel.url], self._indexes.headers)

    def _locked(self, choice: Choice) -> PythonPackage:
        wheel = choice.wheel
        sha256 = wheel.hashes.get("sha256")
        if sha256 is None:
            raise LockError(
                f"{choice.name} {choice.version}: its index gives no sha256 for {wheel.file}",
                hint="put the wheel on an index that does, and name that under build.indexes",
            )
        size = wheel.size if wheel.size is not None else self._measure(choice, Digest(f"sha256:{sha256}"))
        return PythonPackage(
            name=choice.name,
            version=choice.version,
            file=wheel.file,
            size=size,
            sha256=sha256,
            index=self._indexes.position(choice.index) if choice.index else None,
        )

    def _measure(self, choice: Choice, digest: Digest) -> int:
        path = self._cache.path(digest, choice.wheel.file)
        if not path.exists():
            wanted = Wanted(f"Python package {choice.name}", digest, None, [choice.wheel.url], self._indexes.headers)
            fetch_all([(wanted, path)], self._transport)
        return path.stat().st_size


def _unreachable(what: str, indexes: Sequence[str]) -> ConfigError:
    named = ", ".join(sorted({redact(index) for index in indexes if index}))
    return ConfigError(
        f"{what}: none of the configured indexes has it",
        hint="name its index under build.indexes" + (f"; the file knows these: {named}" if named else ""),
    )
