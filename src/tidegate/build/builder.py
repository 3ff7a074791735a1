"""The build: base, packages, weights and code become an image for each platform."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from tidegate.build import code, fetched, image, libraries, python, python_layers, weight_layers, weights
from tidegate.build.base import bases
from tidegate.build.base.base import Base
from tidegate.build.compression import store_layer
from tidegate.build.digest_cache import DigestCache
from tidegate.build.filesystem import Filesystem
from tidegate.build.image import NewLayer, Stack
from tidegate.build.sources import Sources
from tidegate.build.weight_layers import HashedLayer
from tidegate.build.workspace import Progress, Workspace, quiet
from tidegate.errors import ConfigError
from tidegate.oci.descriptor import Descriptor, Platform
from tidegate.oci.local import LocalStore
from tidegate.project.config import Config
from tidegate.project.lock import Lock

# overlayfs ends at about 127, and other tools earlier.
MAX_LAYERS = 60
MAX_WEIGHTS = 40
CODE = "code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that decides the image, as values. `created` is the commit's time, RFC 3339 in UTC.

    `ignored` are paths below the folder that git ignores, a folder with `/` at its end.
    """

    folder: Path
    config: Config
    lock: Lock
    created: str
    annotations: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()


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


@dataclass(frozen=True, slots=True)
class Foundation:
    """All that lies below weights and code on one platform."""

    platform: Platform
    base: Base
    layers: tuple[NewLayer, ...]
    files: Filesystem


def build(
    plan: Plan,
    store: LocalStore,
    sources: Sources,
    *,
    now: Callable[[], int] = time.time_ns,
    progress: Progress = quiet,
) -> Built:
    """Make the image in the store.

    Raises ConfigError, LockError, ContentError, NetworkError, SourceChanged, VerificationError, StorageError.
    """
    space = Workspace(store, sources, now, progress)
    foundations = [_foundation(plan, Platform.parse(name), space) for name in plan.config.build.platforms]
    top = [*_weights(plan, foundations, space), *_code(plan, foundations[0].files, store)]
    annotations = {**_base_annotations(plan.lock), **plan.annotations}
    built = tuple(_image(plan, foundation, top, space, annotations) for foundation in foundations)
    if len(built) == 1:
        return Built(built[0].descriptor, built)
    return Built(image.put_index(store, [one.descriptor for one in built], annotations), built)


def hash_weights(
    config: Config, folder: Path, space: Workspace, *, limit: int, below: Filesystem
) -> tuple[HashedLayer, ...]:
    """The layers of all weights, at most `limit`, with their digests, which are remembered."""
    located = [(entry, fetched.locate(entry, folder, space.sources)) for entry in config.weights]
    found = [(entry, weights.find(entry, source, folder)) for entry, source in located]
    layers = weight_layers.plan(found, min(limit, MAX_WEIGHTS), below)
    with closing(DigestCache(space.sources.cache / "digests.sqlite3")) as digests:
        return weight_layers.hash_layers(layers, digests, space.now, space.progress)


def _foundation(plan: Plan, platform: Platform, space: Workspace) -> Foundation:
    base, system = bases.load(plan.folder, plan.config.build, plan.lock, platform, space)
    files = Filesystem(space.items(layer) for layer in (*base.layers, *(new.layer for new in system)))
    packages = _python(plan, platform, base, files, space)
    for new in packages:
        files.add(space.items(new.layer))
    return Foundation(platform, base, (*system, *packages), files)


def _python(plan: Plan, platform: Platform, base: Base, files: Filesystem, space: Workspace) -> Sequence[NewLayer]:
    locked = plan.lock.platform(str(platform)).python
    found = python.find(files, base.execution.env)
    python.require(found, plan.config.build.python)
    if not locked:
        return []
    if found is None:
        raise ConfigError("build.requirements: the base has no python3 on its PATH", hint="use a base with Python 3")
    python.check_installed(files, found, (package.name for package in locked))
    target = python.target(plan.lock.base, found.version, platform)
    return python_layers.make(locked, found, target, space.sources.python, space.layers)


def _weights(plan: Plan, foundations: Sequence[Foundation], space: Workspace) -> Iterator[NewLayer]:
    others = 1 + max(len(foundation.base.layers) + len(foundation.layers) for foundation in foundations)
    if others + len(plan.config.weights) > MAX_LAYERS:
        raise ConfigError(
            f"build: {others} layers without the {len(plan.config.weights)} of the weights, {MAX_LAYERS} are possible",
            hint="use a base with fewer layers, or gather weights in a folder",
        )
    below = foundations[0].files
    hashed = hash_weights(plan.config, plan.folder, space, limit=MAX_LAYERS - others, below=below)
    for entry in plan.config.weights:
        weight_layers.check_locked(hashed, entry, plan.lock.weights)
    for one in hashed:
        space.store.put_recipe(one.layer.diff_id, one.source.recipe)
        yield NewLayer(one.layer, f"weights {one.source.name}", one.reused)


def _code(plan: Plan, below: Filesystem, store: LocalStore) -> Iterator[NewLayer]:
    if plan.config.build.dockerfile is not None:
        return
    own = tuple(entry.source for entry in plan.config.weights)
    files = code.select(code.Selection(plan.folder, plan.config.build, own, plan.ignored))
    contents = code.contents(plan.folder, files, plan.config.build.workdir, below)
    yield NewLayer(store_layer(store, contents, "build.code"), CODE)


def _image(
    plan: Plan, foundation: Foundation, top: Sequence[NewLayer], space: Workspace, annotations: Mapping[str, str]
) -> BuiltPlatform:
    _check_libraries(plan, foundation, top, space)
    base, platform = foundation.base, foundation.platform
    layers = (*foundation.layers, *top)
    execution = image.execution(plan.config.build, base.execution, plan.annotations)
    stack = Stack(platform, base.config, base.layers, layers)
    descriptor = image.put_image(space.store, stack, execution, plan.created, annotations)
    below = (NewLayer(layer, "base", reused=True) for layer in base.layers)
    return BuiltPlatform(platform, descriptor, (*below, *layers))


def _check_libraries(plan: Plan, foundation: Foundation, top: Sequence[NewLayer], space: Workspace) -> None:
    """Only what we add is checked: an image from elsewhere may lack what its own optional parts need."""
    code_items = [space.items(new.layer) for new in top if new.reason == CODE]
    for items in code_items:
        foundation.files.add(items)
    added = [space.items(new.layer) for new in foundation.layers]
    checked = [item for items in (*added, *code_items) for item in items]
    variables = {**dict(item.partition("=")[::2] for item in foundation.base.execution.env), **plan.config.build.env}
    found = libraries.missing(foundation.files, checked, foundation.platform, variables.get("LD_LIBRARY_PATH", ""))
    libraries.check(found, foundation.platform, plan.lock.base.kind)


def _base_annotations(lock: Lock) -> dict[str, str]:
    """The image-spec's annotations of a base; a folder on disk has no name that means anything elsewhere."""
    if not lock.base.digest:
        return {}
    named = {"org.opencontainers.image.base.name": lock.base.reference} if lock.base.kind == "image" else {}
    return {"org.opencontainers.image.base.digest": lock.base.digest, **named}
