"""Finding the files of a model's weights, and their layers as recipes over files where they lie."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tidegate.build.patterns import Patterns
from tidegate.errors import ConfigError
from tidegate.oci.recipe import FilePart
from tidegate.project.config import Weights
from tidegate.vcs.pointer import is_lfs_pointer

SINGLE = "."
_NEVER = (".git", "**/.git", "**/__pycache__", "**/.DS_Store", "**/.gitattributes", "**/.gitignore", "**/.gitkeep")


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file: its path below the source (`.` for the source itself), where it lies, and its path in the image."""

    path: str
    part: FilePart
    target: str


def find(weights: Weights, source: Path, folder: Path) -> tuple[WeightFile, ...]:
    """The files of one entry of `weights`, sorted by path. `source` is its local file or folder.

    Raises ConfigError for what is missing, empty, a git-lfs pointer, or a link that leads out of
    the source and the model's `folder`.
    """
    where = f"weights {weights.name!r}"
    try:
        source.stat()
    except OSError as error:
        reason = "there is no such file or folder" if isinstance(error, FileNotFoundError) else error.strerror
        raise ConfigError(
            f"{where}: source {weights.source}: {reason}", hint="check the path and its rights"
        ) from error
    found = _folder(weights, source, where) if source.is_dir() else iter([(SINGLE, source)])
    # A source outside the model's folder was named as such; a link inside must not lead out of it.
    root = folder if _inside(source, folder) else source
    files = tuple(_file(weights, path, lies, root.resolve(), where) for path, lies in found)
    if not sum(file.part.size for file in files):
        raise ConfigError(
            f"{where}: source {weights.source}: {'the file is empty' if files else 'no file in it is chosen'}",
            hint="check the source, include and exclude",
        )
    return files


def local_source(weights: Weights, folder: Path) -> Path:
    """Where a file or folder source lies: below the model's folder unless it is an absolute path."""
    return folder / weights.source


def _inside(source: Path, folder: Path) -> bool:
    return Path(os.path.normpath(source)).is_relative_to(os.path.normpath(folder))


def _folder(weights: Weights, source: Path, where: str) -> Iterator[tuple[str, Path]]:
    include = Patterns(weights.include or ("**",), f"{where}: include")
    exclude = Patterns((*_NEVER, *weights.exclude), f"{where}: exclude")
    for path in sorted(_walk(source, "")):
        if include.match(path) and not exclude.match(path):
            yield path, source / path


def _walk(root: Path, below: str) -> Iterator[str]:
    try:
        with os.scandir(root / below) as entries:
            for entry in entries:
                path = posixpath.join(below, entry.name)
                if entry.is_dir(follow_symlinks=False):
                    yield from _walk(root, path)
                else:
                    yield path
    except OSError as error:
        raise ConfigError(f"{root / below}: {error.strerror}") from error


def _file(weights: Weights, path: str, lies: Path, root: Path, where: str) -> WeightFile:
    _check_link(lies, root, where)
    try:
        part = FilePart.of(lies)
        if not lies.is_file():
            raise ConfigError(f"{where}: {lies}: not a file", hint="links to folders are not followed")
        _check_pointer(lies, where)
    except OSError as error:
        raise ConfigError(f"{where}: {lies}: {error.strerror}") from error
    return WeightFile(path, part, target(weights, path, lies.name))


def target(weights: Weights, path: str, name: str) -> str:
    """A weight file's path in the image, relative to the root. A file goes into a `path` that ends in `/`."""
    if path != SINGLE:
        return posixpath.normpath(posixpath.join(weights.path, path)).lstrip("/")
    return posixpath.normpath(weights.path + (name if weights.path.endswith("/") else "")).lstrip("/")


def _check_link(lies: Path, root: Path, where: str) -> None:
    resolved = lies.resolve()
    if not resolved.is_relative_to(root):
        raise ConfigError(
            f"{where}: {lies}: a link to {resolved}, outside the model's folder",
            hint="name that file or folder itself as the source",
        )


def _check_pointer(lies: Path, where: str) -> None:
    if is_lfs_pointer(lies):
        raise ConfigError(f"{where}: {lies}: a git-lfs pointer, not the file itself", hint="run: git lfs pull")
