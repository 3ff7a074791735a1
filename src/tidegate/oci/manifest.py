"""Manifests and indexes (OCI image-spec): parsing with limits, and canonical bytes."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from tidegate.errors import ContentError
from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor, Platform
from tidegate.oci.digest import Digest

# distribution-spec 1.1 asks for at least 4 MiB to be accepted.
MAX_MANIFEST = 4 << 20
MAX_CONFIG = 8 << 20

EMPTY_JSON = b"{}"
EMPTY_DESCRIPTOR = Descriptor(media_type=media_types.EMPTY, digest=Digest.of(EMPTY_JSON), size=len(EMPTY_JSON))

T = TypeVar("T")


class Manifest(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", kw_only=True):
    """An image manifest, or an artifact's when `artifact_type` or an empty config says so."""

    schema_version: int
    media_type: str = ""
    artifact_type: str | None = None
    config: Descriptor
    layers: tuple[Descriptor, ...]
    subject: Descriptor | None = None
    annotations: dict[str, str] = {}


class Index(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", kw_only=True):
    """An image index: one image for several platforms, or a list of referrers."""

    schema_version: int
    media_type: str = ""
    artifact_type: str | None = None
    manifests: tuple[Descriptor, ...]
    subject: Descriptor | None = None
    annotations: dict[str, str] = {}

    def select(self, platform: Platform) -> Descriptor | None:
        """The first manifest for the platform, or None."""
        return next((d for d in self.manifests if d.platform and platform.runs(d.platform)), None)


class History(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    created: str | None = None
    created_by: str | None = None
    author: str | None = None
    comment: str | None = None
    empty_layer: bool = False


class RootFS(msgspec.Struct, frozen=True, kw_only=True):
    type: str = "layers"
    diff_ids: tuple[Digest, ...]


class Execution(msgspec.Struct, frozen=True, omit_defaults=True, rename="pascal", kw_only=True):
    """The `config` object of an image configuration: how a container starts."""

    user: str = ""
    exposed_ports: dict[str, dict[str, str]] = {}
    env: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] | None = None
    cmd: tuple[str, ...] | None = None
    volumes: dict[str, dict[str, str]] | None = None
    working_dir: str = ""
    labels: dict[str, str] | None = None
    stop_signal: str | None = None


class ImageConfig(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An image configuration (config.md). Unknown fields are not kept: re-encode only our own."""

    created: str | None = None
    author: str | None = None
    architecture: str
    os: str
    variant: str | None = None
    config: Execution = Execution()
    rootfs: RootFS
    history: tuple[History, ...] = ()

    @property
    def platform(self) -> Platform:
        return Platform(os=self.os, architecture=self.architecture, variant=self.variant)


def encode(value: msgspec.Struct) -> bytes:
    """Canonical JSON bytes: fields in the specification's order, no white space."""
    return msgspec.json.encode(value, order="deterministic", enc_hook=str)


def decode(data: bytes, kind: type[T], where: str, limit: int = MAX_MANIFEST) -> T:
    """Parse untrusted JSON. Raises ContentError that names `where` and the wrong field."""
    if len(data) > limit:
        raise ContentError(f"{where}: {len(data)} bytes, more than the {limit} that are accepted")
    try:
        return msgspec.convert(_without_nulls(msgspec.json.decode(data)), type=kind, dec_hook=_hook)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ContentError(f"{where}: {error}") from error


def decode_manifest(data: bytes, media_type: str, where: str) -> Manifest | Index:
    """Parse a manifest or index by the media type it was served or stored with.

    Raises ContentError for another media type, or when the bytes claim another one.
    """
    if media_type in media_types.INDEXES:
        value: Manifest | Index = decode(data, Index, where)
    elif media_type in media_types.MANIFESTS:
        value = decode(data, Manifest, where)
    else:
        raise ContentError(
            f"{where}: media type {media_type!r} is not supported",
            hint="OCI manifests and indexes, and Docker's schema 2, are",
        )
    if value.schema_version != 2 or (value.media_type and value.media_type != media_type):
        raise ContentError(
            f"{where}: says it is {value.media_type!r} version {value.schema_version}, served as {media_type!r}"
        )
    sizes = [d.size for d in (value.manifests if isinstance(value, Index) else (value.config, *value.layers))]
    if any(size < 0 for size in sizes):
        raise ContentError(f"{where}: a descriptor has a negative size")
    return value


def _without_nulls(value: Any) -> Any:
    """Go programs write an empty list or mapping as null; it means the same as leaving the field out."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _hook(kind: type[Any], value: object) -> Any:
    if kind is Digest and isinstance(value, str):
        try:
            return Digest(value)
        except ContentError as error:
            raise msgspec.ValidationError(error.message) from error
    raise NotImplementedError(kind)
