"""The build: base, packages, weights and code become an image for each platform."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tidegate.build import code, image, tar, weight_layers, weights
from tidegate.build.base import layout
from tidegate.build.base.base import Base
from tidegate.build.compression import store_layer
from tidegate.build.digest_cache import DigestCache
from tidegate.build.image import NewLayer, Stack
from tidegate.build.weight_layers import HashedLayer, Progress
from tidegate.errors import ConfigError
from tidegate.oci.descriptor import Descriptor, Platform
from tidegate.oci.digest import Digest
from tidegate.oci.local import LocalStore
from tidegate.project.config import Config
from tidegate.project.lock import Lock

MAX_LAYERS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that decides the image, as values. `created` is the commit's time, RFC 3339 in UTC.

    `listed` are the files that git would list in the folder, None outside a repository.
    """

    folder: Path
    config: Config
    lock: Lock
    created: str
    annotations: Mapping[str, str] = field(default_factory=dict)
    listed: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class BuiltPlatform:
    """The image for one platform; its layers from the base upwards."""

    platform: Platform
    descriptor: Descriptor
    layers: tuple[NewLayer, ...]


@dataclass(frozen=True, slots=True)
class Built:
    """What was built: an image, or an index over one for each platform."""

    descriptor: Descriptor
    platforms: tuple[BuiltPlatform, ...]


def _quiet(_label: str, _count: int) -> None:
    pass


def build(
    plan: Plan,
    store: LocalStore,
    cache: Path,
    *,
    now: Callable[[], int] = time.time_ns,
    progress: Progress = _quiet,
) -> Built:
    """Make the image in the store."""
    platforms = [Platform.parse(name) for name in plan.config.build.platforms]
    bases = [_base(plan, platform, store) for platform in platforms]
    hashed = _weights(plan, cache, now, progress)
    top = [*_stored(hashed, store), _code(plan, store)]
    built = tuple(_image(plan, platform, base, top, store) for platform, base in zip(platforms, bases, strict=True))
    if len(built) == 1:
        return Built(built[0].descriptor, built)
    return Built(image.put_index(store, [one.descriptor for one in built], plan.annotations), built)


def _base(plan: Plan, platform: Platform, store: LocalStore) -> Base:
    chosen = plan.config.build.base
    if chosen.layout is None:
        raise ConfigError("build.base: not supported yet")
    digest = Digest(plan.lock.base.digest)
    return layout.load(plan.folder, chosen.layout, digest, platform, store)


def _weights(plan: Plan, cache: Path, now: Callable[[], int], progress: Progress) -> tuple[HashedLayer, ...]:
    entries = plan.config.weights
    found = [(entry, weights.find(entry, weights.local_source(entry, plan.folder), plan.folder)) for entry in entries]
    layers = weight_layers.plan(found, MAX_LAYERS - 20, {})
    digests = DigestCache(cache / "digests.sqlite3")
    try:
        hashed = weight_layers.hash_layers(layers, digests, now, progress)
    finally:
        digests.close()
    for entry in entries:
        weight_layers.check_locked(hashed, entry, plan.lock.weights)
    return hashed


def _stored(hashed: tuple[HashedLayer, ...], store: LocalStore) -> list[NewLayer]:
    for one in hashed:
        store.put_recipe(one.layer.diff_id, one.source.recipe)
    return [NewLayer(one.layer, f"weights {one.source.name}", one.reused) for one in hashed]


def _code(plan: Plan, store: LocalStore) -> NewLayer:
    sources = tuple(entry.source for entry in plan.config.weights)
    files = code.select(code.Selection(plan.folder, plan.config.build, sources, plan.listed))
    entries = tar.with_parents(code.contents(plan.folder, files, plan.config.build.workdir), {})
    return NewLayer(store_layer(store, entries, "build.code"), "code")


def _image(plan: Plan, platform: Platform, base: Base, top: list[NewLayer], store: LocalStore) -> BuiltPlatform:
    stack = Stack(platform, base.config, base.layers, tuple(top))
    execution = image.execution(plan.config.build, base.execution, plan.annotations)
    descriptor = image.put_image(store, stack, execution, plan.created, plan.annotations)
    base_layers = tuple(NewLayer(layer, "base", reused=True) for layer in base.layers)
    return BuiltPlatform(platform, descriptor, (*base_layers, *top))
