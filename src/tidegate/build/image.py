"""An image's configuration and manifest from its base and layers, and the index over several platforms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor, Platform
from tidegate.oci.digest import Digest
from tidegate.oci.image import Layer
from tidegate.oci.layout import Layout
from tidegate.oci.manifest import Execution, History, ImageConfig, Index, Manifest, RootFS, encode
from tidegate.oci.store import put_bytes
from tidegate.project.config import Build

_CREATED_BY = "tidegate"
_OCI_TYPES = {
    media_types.DOCKER_LAYER: media_types.LAYER,
    media_types.DOCKER_LAYER_GZIP: media_types.LAYER_GZIP,
}


@dataclass(frozen=True, slots=True)
class NewLayer:
    """A layer and the reason that it is there, as the image's history tells it."""

    layer: Layer
    reason: str
    reused: bool = False


@dataclass(frozen=True, slots=True)
class Stack:
    """All that an image is made of. `base` is the base's configuration, None when there is no base."""

    platform: Platform
    base: ImageConfig | None
    base_layers: tuple[Layer, ...]
    layers: tuple[NewLayer, ...]


def put_image(
    store: Layout, stack: Stack, execution: Execution, created: str, annotations: Mapping[str, str]
) -> Descriptor:
    """Store configuration and manifest; the manifest's descriptor, with its platform.

    `created` is the commit's time, RFC 3339.
    """
    config = put_bytes(store, encode(_config(stack, execution, created)), media_types.CONFIG)
    descriptors = [layer.descriptor for layer in stack.base_layers]
    descriptors += [new.layer.descriptor for new in stack.layers]
    manifest = Manifest(
        schema_version=2,
        media_type=media_types.MANIFEST,
        config=config,
        layers=tuple(map(_plain, descriptors)),
        annotations=dict(sorted(annotations.items())),
    )
    descriptor = store.put_manifest(encode(manifest), media_types.MANIFEST)
    return msgspec.structs.replace(descriptor, platform=stack.platform)


def put_index(store: Layout, images: Sequence[Descriptor], annotations: Mapping[str, str]) -> Descriptor:
    """Store an index over the images of several platforms."""
    index = Index(
        schema_version=2,
        media_type=media_types.INDEX,
        manifests=tuple(images),
        annotations=dict(sorted(annotations.items())),
    )
    return store.put_manifest(encode(index), media_types.INDEX)


def execution(build: Build, base: Execution, labels: Mapping[str, str]) -> Execution:
    """How a container starts. A command replaces the base's entrypoint; variables add to the base's."""
    base_labels = {k: v for k, v in (base.labels or {}).items() if not k.startswith("org.opencontainers.image.")}
    changes: dict[str, object] = {
        "env": _environment(base.env, build.env),
        "labels": dict(sorted({**base_labels, **labels}.items())) or None,
    }
    if build.port is not None:
        changes["exposed_ports"] = {**base.exposed_ports, f"{build.port}/tcp": {}}
    if build.command:
        changes |= {"entrypoint": None, "cmd": build.command}
    if build.dockerfile is None:
        changes |= {"user": f"{build.user}:{build.user}", "working_dir": build.workdir}
    return msgspec.structs.replace(base, **changes)


def _environment(base: Sequence[str], ours: Mapping[str, str]) -> tuple[str, ...]:
    merged = dict(item.partition("=")[::2] for item in base)
    return tuple(f"{name}={value}" for name, value in {**merged, **dict(sorted(ours.items()))}.items())


def _config(stack: Stack, execution: Execution, created: str) -> ImageConfig:
    diff_ids: list[Digest] = [layer.diff_id for layer in stack.base_layers]
    diff_ids += [new.layer.diff_id for new in stack.layers]
    ours = tuple(History(created=created, created_by=_CREATED_BY, comment=new.reason) for new in stack.layers)
    return ImageConfig(
        created=created,
        architecture=stack.platform.architecture,
        os=stack.platform.os,
        variant=stack.platform.variant,
        config=execution,
        rootfs=RootFS(diff_ids=tuple(diff_ids)),
        history=(*_base_history(stack), *ours),
    )


def _base_history(stack: Stack) -> tuple[History, ...]:
    """The base's history, or one entry a layer where it doesn't fit its layers."""
    history = stack.base.history if stack.base else ()
    if sum(not entry.empty_layer for entry in history) == len(stack.base_layers):
        return history
    return tuple(History(created_by=_CREATED_BY, comment="base") for _ in stack.base_layers)


def _plain(descriptor: Descriptor) -> Descriptor:
    """A layer's descriptor in OCI's words, without the annotations that a base's builder left on it."""
    media_type = _OCI_TYPES.get(descriptor.media_type, descriptor.media_type)
    return Descriptor(media_type=media_type, digest=descriptor.digest, size=descriptor.size)
