"""An image unpacked into a folder, once; large weight files stay where they lie and are mounted."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import msgspec

from tidegate.errors import StorageError
from tidegate.oci import media_types
from tidegate.oci.digest import Digest
from tidegate.oci.image import Image, Layer
from tidegate.oci.layer import FILE, Entry, read_layer
from tidegate.oci.local import LocalStore
from tidegate.oci.recipe import FilePart, Recipe
from tidegate.runtime.unpack import Tree

# Smaller files of a recipe are copied: a mount costs more.
_MOUNT_FROM = 1 << 20
# The modes are those of what is mounted: some runtimes copy them.
_MOUNT_POINTS = {"proc": 0o755, "sys": 0o755, "dev": 0o755, "tmp": 0o1777, "var/tmp": 0o1777, "run": 0o1777}
_NAMES = {
    "etc/hosts": b"127.0.0.1 localhost model\n::1 localhost ip6-localhost ip6-loopback\n",
    "etc/hostname": b"model\n",
    "etc/resolv.conf": b"",
}
# Unpacked images that are kept for the next run.
_KEPT = 8


@dataclass(frozen=True, slots=True)
class Mount:
    """A weight file and the absolute path, free of symbolic links, where the container sees it."""

    part: FilePart
    target: str

    @property
    def source(self) -> str:
        return self.part.path


@dataclass(frozen=True, slots=True)
class Root:
    """An unpacked image: shared between runs, never to be written to."""

    path: Path
    mounts: tuple[Mount, ...]

    def check(self) -> None:
        """Raises SourceChanged when a mounted file is no longer the one that the image was made of."""
        for mount in self.mounts:
            mount.part.open().close()


class _Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a mounted file goes, and where it is found: a layer, and the offset in its tar stream."""

    target: str
    diff_id: str
    offset: int


class Unpacker:
    """Unpacks images below a folder, where the results stay for the next run. Safe to use concurrently.

    `owners` keeps the layers' owners, which takes root.
    """

    def __init__(self, folder: Path, *, owners: bool) -> None:
        self._folder = folder / ("owners" if owners else "plain")
        self._owners = owners

    def unpack(self, image: Image) -> Root:
        """The image's root folder. Raises ContentError, NotFoundError, SourceChanged, StorageError."""
        recipes = {layer.diff_id: _recipe(image, layer) for layer in image.layers}
        try:
            path = self._tree(image, len(image.layers), recipes)
            places = msgspec.json.decode((path / "places.json").read_bytes(), type=tuple[_Place, ...])
        except OSError as error:
            raise StorageError(
                f"{self._folder}: unpacking the image: {error}", hint="free some space or check the folder's rights"
            ) from error
        parts = {str(key): _starts(recipe) for key, recipe in recipes.items() if recipe is not None}
        mounts = (Mount(parts[place.diff_id][place.offset], f"/{place.target}") for place in places)
        return Root(path / "root", tuple(mounts))

    def _tree(self, image: Image, count: int, recipes: dict[Digest, Recipe | None]) -> Path:
        """The first `count` layers unpacked; all but the last are kept apart, as it is the last that changes."""
        path = self._folder / _key(image.layers[:count], recipes, whole=count == len(image.layers))
        if path.is_dir():
            os.utime(path)
            return path
        with self._building(path) as new:
            places: tuple[_Place, ...] = ()
            first = 0
            if count == len(image.layers) > 1:
                below = self._tree(image, count - 1, recipes)
                _link_tree(below / "root", new / "root", owners=self._owners)
                places = msgspec.json.decode((below / "places.json").read_bytes(), type=tuple[_Place, ...])
                first = count - 1
            else:
                (new / "root").mkdir(mode=0o755)
            tree = Tree(new / "root", owners=self._owners, where=f"image {image.digest}")
            for layer in image.layers[first:count]:
                places = _apply(image, layer, recipes[layer.diff_id], tree, places)
            if count == len(image.layers):
                _finish(tree)
            (new / "places.json").write_bytes(msgspec.json.encode(places))
        self._prune()
        return path

    @contextmanager
    def _building(self, path: Path) -> Iterator[Path]:
        """A folder that takes its name when it is whole; another process may have been faster."""
        path.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix=".new-", dir=path.parent))
        new.chmod(0o755)
        try:
            yield new
            if not path.is_dir():
                new.rename(path)
        finally:
            shutil.rmtree(new, ignore_errors=True)

    def _prune(self) -> None:
        kept = sorted((p for p in self._folder.iterdir() if not p.name.startswith(".")), key=_last_used, reverse=True)
        for path in kept[_KEPT * 2 :]:
            shutil.rmtree(path, ignore_errors=True)


def _finish(tree: Tree) -> None:
    """What a container engine would make: mount points, and names for the container itself."""
    for name, mode in _MOUNT_POINTS.items():
        tree.ensure_folder(name, mode)
    for path, content in _NAMES.items():
        tree.place(Entry(path, FILE, len(content), 0o644, 0, 0), io.BytesIO(content))


def _last_used(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _recipe(image: Image, layer: Layer) -> Recipe | None:
    """The layer's recipe when it is an uncompressed tar over files that lie on this machine."""
    if not isinstance(image.store, LocalStore) or media_types.LAYERS[layer.descriptor.media_type]:
        return None
    return image.store.recipe(layer.descriptor.digest)


def _key(layers: Sequence[Layer], recipes: dict[Digest, Recipe | None], *, whole: bool) -> str:
    names = [f"{layer.diff_id}{'+' if recipes[layer.diff_id] else ''}" for layer in layers]
    return hashlib.sha256("\n".join([*names, "whole" if whole else "below"]).encode()).hexdigest()


def _apply(
    image: Image, layer: Layer, recipe: Recipe | None, tree: Tree, places: tuple[_Place, ...]
) -> tuple[_Place, ...]:
    where = f"layer {layer.descriptor.digest}"
    starts = _starts(recipe) if recipe else {}
    found = {place.target: place for place in places}
    tree.begin_layer()
    stream = io.BufferedReader(recipe.open()) if recipe else image.open_layer(layer)
    with stream:
        for entry, content in read_layer(stream, where):
            # The reader has just read the header, so it stands where the content begins.
            offset = stream.tell() if recipe and entry.kind == FILE else -1
            part = starts.get(offset)
            mounted = part is not None and part.size == entry.size >= _MOUNT_FROM
            target = tree.place(entry, None if mounted else content)
            if target is not None:
                found.pop(target, None)
            if mounted and target is not None:
                found[target] = _Place(target, str(layer.diff_id), offset)
    return tuple(p for p in found.values() if _is_placeholder(tree.path, p.target))


def _is_placeholder(root: str, target: str) -> bool:
    """Whether an upper layer has left the empty file that the mount goes over."""
    try:
        return os.lstat(f"{root}/{target}").st_size == 0
    except (FileNotFoundError, NotADirectoryError):
        return False


def _starts(recipe: Recipe) -> dict[int, FilePart]:
    """The files of a recipe by their offset in its stream."""
    ends = accumulate(part.size for part in recipe.parts)
    return {end - part.size: part for end, part in zip(ends, recipe.parts, strict=True) if isinstance(part, FilePart)}


def _link_tree(source: Path, target: Path, *, owners: bool) -> None:
    """A copy of a tree whose files are hard links; symbolic links are made anew."""
    status = os.lstat(source)
    target.mkdir()
    with os.scandir(source) as entries:
        for entry in entries:
            new = f"{os.fspath(target)}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                _link_tree(Path(entry.path), Path(new), owners=owners)
            else:
                os.link(entry.path, new, follow_symlinks=False)
    if owners:
        os.chown(target, status.st_uid, status.st_gid)
    target.chmod(status.st_mode & 0o7777)


def copy_tree(source: Path, target: Path) -> None:
    """A real copy with owners and modes, for a root that can't be mounted read-only."""
    try:
        shutil.copytree(source, target, symlinks=True, copy_function=_copy)
        for folder, _, _ in os.walk(source):
            status = os.lstat(folder)
            copied = target / Path(folder).relative_to(source)
            os.chown(copied, status.st_uid, status.st_gid)
            copied.chmod(status.st_mode & 0o7777)
    except (OSError, shutil.Error) as error:
        raise StorageError(f"{target}: copying the image's files: {error}", hint="free some space") from error


def _copy(source: str, target: str) -> str:
    shutil.copy2(source, target, follow_symlinks=False)
    status = os.lstat(source)
    os.chown(target, status.st_uid, status.st_gid, follow_symlinks=False)
    if not Path(target).is_symlink():
        Path(target).chmod(status.st_mode & 0o7777)
    return target
