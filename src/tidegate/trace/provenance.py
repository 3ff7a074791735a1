"""How an image came to be: an in-toto Statement v1 with SLSA provenance v1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from packageurl import PackageURL

from tidegate import __version__
from tidegate.errors import ContentError
from tidegate.oci.digest import Digest
from tidegate.oci.manifest import decode
from tidegate.project.config import Config
from tidegate.project.lock import DebianPackage, Lock, PythonPackage, encode_lock
from tidegate.trace.annotations import timestamp
from tidegate.transport.redaction import redact

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
# docs/reference/evidence.md says what the parameters mean.
BUILD_TYPE = "https://tidegate.dev/build/v1"
BUILDER = "https://tidegate.dev/builder/v1"
MAX_PROVENANCE = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """The run that built an image: the CI's name (empty for none), its address, and when it ran."""

    ci: str
    url: str
    started: datetime
    finished: datetime


def statement(
    config: Config, lock: Lock | None, commit: str, subjects: Sequence[Digest], invocation: Invocation
) -> bytes:
    """The provenance of images, as canonical JSON.

    It claims no more than that this tool, run by whoever ran it, made these digests from that commit and lock.
    """
    return msgspec.json.encode(
        {
            "_type": STATEMENT,
            "subject": [{"name": config.model.name, "digest": _digest(subject)} for subject in subjects],
            "predicateType": PREDICATE,
            "predicate": {
                "buildDefinition": {
                    "buildType": BUILD_TYPE,
                    "externalParameters": _redacted(_external(config, commit)),
                    "internalParameters": _internal(lock),
                    "resolvedDependencies": list(_dependencies(config, lock, commit)),
                },
                "runDetails": _run_details(invocation),
            },
        },
        enc_hook=str,
    )


def _external(config: Config, commit: str) -> dict[str, Any]:
    parameters = {"commit": commit, "config": msgspec.to_builtins(config)}
    return parameters | ({"source": config.model.source} if config.model.source else {})


def _internal(lock: Lock | None) -> dict[str, Any]:
    if lock is None:
        return {}
    return {"compression": lock.compression, "lock": Digest.of(encode_lock(lock))}


def _run_details(invocation: Invocation) -> dict[str, Any]:
    metadata = {"startedOn": timestamp(invocation.started), "finishedOn": timestamp(invocation.finished)}
    return {
        "builder": {"id": f"{BUILDER}/{invocation.ci or 'local'}", "version": {"tidegate": __version__}},
        "metadata": ({"invocationId": invocation.url} if invocation.url else {}) | metadata,
    }


def _dependencies(config: Config, lock: Lock | None, commit: str) -> Iterator[dict[str, Any]]:
    source = {"uri": f"git+{redact(config.model.source)}@{commit}"} if config.model.source else {}
    yield {"name": "source", **source, "digest": {"gitCommit": commit}}
    if lock is None:
        return
    if lock.base.digest:
        yield {"name": "base", "uri": redact(lock.base.reference), "digest": _digest(Digest(lock.base.digest))}
    yield from _packages(lock)
    for weights in lock.weights:
        for file in weights.files:
            name = f"weights/{weights.name}/{file.path}"
            yield {"name": name, "uri": redact(weights.source), "digest": {"sha256": file.sha256}}


def _packages(lock: Lock) -> Iterator[dict[str, Any]]:
    """Every package of any platform once, by its digest."""
    packages: list[tuple[DebianPackage | PythonPackage, PackageURL]] = []
    for platform in lock.platforms:
        packages += [(package, debian_purl(package)) for package in platform.debian]
        packages += [(package, python_purl(package)) for package in platform.python]
    for sha256, purl in {package.sha256: purl for package, purl in packages}.items():
        yield {"name": purl.name, "uri": purl.to_string(), "digest": {"sha256": sha256}}


def debian_purl(package: DebianPackage) -> PackageURL:
    """purl-spec, type `deb`."""
    return PackageURL("deb", "debian", package.name, package.version, {"arch": package.architecture})


def python_purl(package: PythonPackage) -> PackageURL:
    """purl-spec, type `pypi`, naming the wheel."""
    return PackageURL("pypi", None, package.name, package.version, {"file_name": package.file})


def _digest(digest: Digest) -> dict[str, str]:
    return {digest.algorithm: digest.hex}


def _redacted(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {key: _redacted(item) for key, item in value.items()}
    return [_redacted(item) for item in value] if isinstance(value, list | tuple) else value


class Provenance(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a trace tells of a provenance statement."""

    builder: str
    commit: str
    run_url: str = ""
    started: str = ""
    finished: str = ""
    dependencies: int = 0


class _Subject(msgspec.Struct):
    digest: dict[str, str]


class _External(msgspec.Struct):
    commit: str


class _Definition(msgspec.Struct, rename="camel"):
    build_type: str
    external_parameters: _External
    resolved_dependencies: list[dict[str, Any]] = []


class _Builder(msgspec.Struct):
    id: str


class _Metadata(msgspec.Struct, rename="camel"):
    invocation_id: str = ""
    started_on: str = ""
    finished_on: str = ""


class _Details(msgspec.Struct):
    builder: _Builder
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)


class _Predicate(msgspec.Struct, rename="camel"):
    build_definition: _Definition
    run_details: _Details


class _Statement(msgspec.Struct, rename={"type": "_type", "predicate_type": "predicateType"}):
    type: str
    subject: list[_Subject]
    predicate_type: str
    predicate: _Predicate


def read_statement(data: bytes, subject: Digest, where: str) -> Provenance:
    """Parse a statement that Tidegate made. Raises ContentError when it is malformed or about other images."""
    value = decode(data, _Statement, where, MAX_PROVENANCE)
    definition, details = value.predicate.build_definition, value.predicate.run_details
    if (value.type, value.predicate_type, definition.build_type) != (STATEMENT, PREDICATE, BUILD_TYPE):
        raise ContentError(f"{where}: not a provenance of type {BUILD_TYPE}")
    if all(item.digest.get(subject.algorithm) != subject.hex for item in value.subject):
        raise ContentError(f"{where}: is about other images than {subject}")
    return Provenance(
        builder=details.builder.id,
        commit=definition.external_parameters.commit,
        run_url=details.metadata.invocation_id,
        started=details.metadata.started_on,
        finished=details.metadata.finished_on,
        dependencies=len(definition.resolved_dependencies),
    )
