"""Weights as layers: hashed once, streamed from where the files lie, never copied."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from tidegate.build import tar
from tidegate.build.digest_cache import DigestCache, file_key, recipe_key
from tidegate.build.filesystem import Filesystem
from tidegate.build.weights import WeightFile
from tidegate.build.workspace import Progress
from tidegate.errors import LockError, VerificationError
from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.digest import Digest
from tidegate.oci.image import Layer
from tidegate.oci.recipe import FilePart, Literal, Part, Recipe
from tidegate.project.config import Weights
from tidegate.project.lock import LOCK_NAME, LockedFile, LockedWeights

if TYPE_CHECKING:
    from hashlib import _Hash

# Files are gathered into one layer up to this many bytes; beyond the limit of layers, up to twice as many, and so on.
GROUP = 256 << 20
_BLOCK = 4 << 20


@dataclass(frozen=True, slots=True)
class WeightLayer:
    """Files that make one layer, and its recipe."""

    name: str
    files: tuple[WeightFile, ...]
    recipe: Recipe


@dataclass(frozen=True, slots=True)
class HashedLayer:
    """A weights layer with its digest, and the sha256 of each of its files. `reused` when nothing had to be read."""

    source: WeightLayer
    layer: Layer
    files: tuple[LockedFile, ...]
    reused: bool


def plan(
    found: Sequence[tuple[Weights, Sequence[WeightFile]]], limit: int, below: Filesystem
) -> tuple[WeightLayer, ...]:
    """The layers for all weights: no layer holds two entries' files, and there are at most `limit` of them."""
    size = GROUP
    while True:
        groups = [(weights.name, group) for weights, files in found for group in _groups(files, size)]
        if len(groups) <= max(limit, len(found)):
            return tuple(WeightLayer(name, group, recipe(group, below)) for name, group in groups)
        size *= 2


def recipe(files: Iterable[WeightFile], below: Filesystem) -> Recipe:
    """A tar of the files, owned by root and readable by all; folders that lie below keep their mode and owner."""
    parts: list[Part] = []
    literal = bytearray()
    by_target = {below.place(file.target): file.part for file in files}
    entries = ((tar.file(target, part.size), None) for target, part in by_target.items())
    for entry, _ in tar.with_parents(entries, below.folder):
        literal += tar.header(entry)
        if entry.path in by_target:
            part = by_target[entry.path]
            parts += [Literal(bytes(literal)), part]
            literal = bytearray(tar.padding(part.size))
    return Recipe((*parts, Literal(bytes(literal) + tar.END)))


def hash_layers(
    layers: Sequence[WeightLayer], cache: DigestCache, now: Callable[[], int], progress: Progress
) -> tuple[HashedLayer, ...]:
    """Digests of all layers and of their files: each file is read once at most, several layers at once.

    `now` gives the Unix time in nanoseconds. Raises SourceChanged when a file changes meanwhile.
    """
    workers = max(1, min(len(layers), os.cpu_count() or 1))
    with ThreadPoolExecutor(workers) as pool:
        return tuple(pool.map(partial(_hash_layer, cache=cache, now=now, progress=progress), layers))


def check_locked(hashed: Iterable[HashedLayer], weights: Weights, locked: Sequence[LockedWeights]) -> None:
    """Raises LockError when the files are others than the lock's, VerificationError when they differ from `sha256`."""
    files = files_of(hashed, weights)
    check_sha256(weights, files)
    pinned = next((entry for entry in locked if entry.name == weights.name), None)
    if pinned is None:
        raise LockError(f"{LOCK_NAME}: weights {weights.name!r} are not in it", hint="run: tidegate lock")
    before = {file.path: file for file in pinned.files}
    after = {file.path: file for file in files}
    wrong = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
    if wrong:
        name = weights.source if wrong[0] == "." else f"{weights.source}/{wrong[0]}"
        raise LockError(
            f"{LOCK_NAME}: weights {weights.name!r}: {name} is not the file that was locked",
            hint="if the change is meant, run: tidegate lock",
        )


def files_of(hashed: Iterable[HashedLayer], weights: Weights) -> tuple[LockedFile, ...]:
    """The files of one entry of `weights`."""
    return tuple(chain.from_iterable(layer.files for layer in hashed if layer.source.name == weights.name))


def check_sha256(weights: Weights, files: Sequence[LockedFile]) -> None:
    """Raises VerificationError when a file differs from the configuration's `sha256`."""
    if weights.sha256 is None:
        return
    found = files[0].sha256
    if len(files) != 1 or found != weights.sha256:
        raise VerificationError(
            f"weights {weights.name!r}: {weights.source} has sha256 {found}, not the {weights.sha256} of tidegate.yaml",
            hint="fetch the right file, or correct sha256 (one file only)",
        )


def _groups(files: Sequence[WeightFile], size: int) -> Iterator[tuple[WeightFile, ...]]:
    group: list[WeightFile] = []
    total = 0
    for file in files:
        if group and total + file.part.size > size:
            yield tuple(group)
            group, total = [], 0
        group.append(file)
        total += file.part.size
    if group:
        yield tuple(group)


def _hash_layer(source: WeightLayer, cache: DigestCache, now: Callable[[], int], progress: Progress) -> HashedLayer:
    key = recipe_key(source.recipe)
    digest = cache.get(key)
    digests = {file.part: cache.get(file_key(file.part.key)) for file in source.files}
    reused = digest is not None and None not in digests.values()
    if digest is None or not reused:
        started = now()
        digest = _read(source, digests, progress)
        _remember(cache, source, digest, digests, started)
    descriptor = Descriptor(media_type=media_types.LAYER, digest=digest, size=source.recipe.size)
    files = tuple(_locked(file, digests[file.part]) for file in source.files)
    return HashedLayer(source, Layer(descriptor, digest), files, reused)


def _read(source: WeightLayer, digests: dict[FilePart, Digest | None], progress: Progress) -> Digest:
    state, size = hashlib.sha256(), source.recipe.size

    def count(done: int) -> None:
        progress(f"weights {source.name}", done, size)

    with ThreadPoolExecutor(1) as side:
        for part in source.recipe.parts:
            if isinstance(part, Literal):
                state.update(part.data)
                count(len(part.data))
            else:
                known = digests[part]
                digests[part] = _read_file(part, state, side, count, known)
    return Digest.finish(state)


def _read_file(
    part: FilePart, state: _Hash, side: ThreadPoolExecutor, progress: Callable[[int], None], known: Digest | None
) -> Digest:
    """Feed a file to the layer's hash, and at the same time to its own where that isn't known."""
    own = hashlib.sha256()
    buffer = memoryview(bytearray(min(_BLOCK, part.size)))
    with part.open() as stream:
        while count := stream.readinto(buffer):  # type: ignore[attr-defined]
            block = buffer[:count]
            pending = None if known else side.submit(own.update, block)
            state.update(block)
            if pending:
                pending.result()
            progress(count)
        part.check(stream)
    return known or Digest.finish(own)


def _remember(
    cache: DigestCache, source: WeightLayer, digest: Digest, digests: Mapping[FilePart, Digest | None], started: int
) -> None:
    for part, own in digests.items():
        if own is not None:
            cache.put(file_key(part.key), own, [part.key], started)
    cache.put(recipe_key(source.recipe), digest, [part.key for part in source.recipe.files], started)


def _locked(file: WeightFile, digest: Digest | None) -> LockedFile:
    if digest is None:
        raise AssertionError("every file was read")
    return LockedFile(path=file.path, size=file.part.size, sha256=digest.hex)
