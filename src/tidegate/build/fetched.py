"""Weights that lie elsewhere: `https` by sha256, kept in the cache by digest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from tidegate.build.sources import Sources
from tidegate.build.weights import local_source
from tidegate.errors import ConfigError
from tidegate.oci.digest import Digest
from tidegate.project.config import Secret, Weights

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_NOT_YET = frozenset({"s3", "gs", "az", "hf", "dvc"})


def locate(weights: Weights, folder: Path, sources: Sources) -> Path:
    """The local file or folder of a source, downloaded first where it is an address.

    Raises ConfigError for an address without sha256 and for kinds of sources that aren't supported.
    """
    scheme = _SCHEME.match(weights.source)
    if scheme is None:
        return local_source(weights, folder)
    if scheme[1].lower() not in {"http", "https"}:
        known = scheme[1].lower() in _NOT_YET
        raise ConfigError(
            f"weights {weights.name!r}: sources of kind {scheme[1]}:// are not supported{' yet' if known else ''}",
            hint="use a file, a folder, or an https address with sha256",
        )
    if weights.sha256 is None:
        raise ConfigError(
            f"weights {weights.name!r}: an address needs the sha256 of what it gives", hint="add sha256: to it"
        )
    digest = Digest(f"sha256:{weights.sha256}")
    target = sources.cache / "weights" / digest.hex / file_name(weights)
    if not target.exists():
        sources.download(weights.source, target, digest, headers=_headers(weights, sources.environ))
    return target


def file_name(weights: Weights) -> str:
    """The last part of an address's path."""
    name = Path(urlsplit(weights.source).path).name
    if not name:
        raise ConfigError(f"weights {weights.name!r}: the address {weights.source} names no file")
    return name


def _headers(weights: Weights, environ: Mapping[str, str]) -> dict[str, str]:
    secret: Secret | None = weights.auth
    if secret is None:
        return {}
    token = environ.get(secret.env, "")
    if not token:
        raise ConfigError(f"weights {weights.name!r}: auth: the environment variable {secret.env} is not set")
    return {"Authorization": f"Bearer {token}"}
