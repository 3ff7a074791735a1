"""What a build needs of the world, handed in by whoever starts it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tidegate.oci.digest import Digest
from tidegate.oci.reference import Reference
from tidegate.oci.store import ContentStore
from tidegate.project.lock import DebianPackage, PythonPackage


class FetchDebian(Protocol):
    """Locked Debian packages as files, in order; fetched by hash unless they are there."""

    def __call__(self, packages: Sequence[DebianPackage], /) -> Sequence[Path]: ...


class FetchPython(Protocol):
    """Locked wheels for a Python (`3.11`) as files that keep their names, in order; fetched by hash unless there."""

    def __call__(self, packages: Sequence[PythonPackage], python: str, /) -> Sequence[Path]: ...


class OpenRepository(Protocol):
    """The repository that a reference names."""

    def __call__(self, reference: Reference, /) -> ContentStore: ...


class Download(Protocol):
    """One file by its digest; `target` appears only whole and verified (`transport.http.Transport.download`)."""

    def __call__(self, url: str, target: Path, digest: Digest, /, *, headers: Mapping[str, str]) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Ways to packages, registries and files. `environ` names engines and secrets; `cache` may be deleted any time."""

    debian: FetchDebian
    python: FetchPython
    repository: OpenRepository
    download: Download
    environ: Mapping[str, str]
    cache: Path
