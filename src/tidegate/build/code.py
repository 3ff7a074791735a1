"""Which files of the model's folder make the code layer, and where they go."""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from tidegate.build import tar
from tidegate.build.filesystem import Filesystem
from tidegate.build.patterns import Patterns
from tidegate.errors import ConfigError
from tidegate.oci.layer import FILE, SYMLINK, Entry
from tidegate.project.config import Build, CodeItem

SELF = "."
DOCKERIGNORE = ".dockerignore"
# Never part of an image unless named one by one under build.code.
ALWAYS_EXCLUDED = (
    "**/.git",
    "**/.env*",
    "**/.venv",
    "**/venv",
    "**/__pycache__",
    "**/*.pyc",
    "**/.*_cache",
    "**/.cache",
    "**/.ipynb_checkpoints",
    "**/.tox",
    "**/.nox",
    "**/.DS_Store",
    "**/*.egg-info",
    "**/node_modules",
    "**/.netrc",
    "**/.pypirc",
    "**/.aws",
    "**/.ssh",
    "tidegate-report",
)
_MAX_IGNORE = 1 << 20


@dataclass(frozen=True, slots=True)
class CodeFile:
    """A file or link of the model's folder, by its path there, and its path in the image."""

    path: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class Selection:
    """What is taken. `ignored` are paths that git ignores, a folder with `/` at its end: no commit has them."""

    folder: Path
    build: Build
    weights: tuple[str, ...]
    ignored: tuple[str, ...] = ()


def select(wanted: Selection) -> tuple[CodeFile, ...]:
    """The code files by their path in the image: those of `build.code`, else the whole folder.

    Left out are the excludes, the weights' own sources, and what git ignores. Raises ConfigError for
    a missing item, a link that leads out of the folder, and two files with one destination.
    """
    excluded = _excludes(wanted)
    items = [_item(item, wanted.build.workdir) for item in wanted.build.code] or [(SELF, wanted.build.workdir)]
    found: dict[str, CodeFile] = {}
    for source, to in items:
        for file in _files(wanted, source, to, excluded):
            other = found.setdefault(file.entry.path, file)
            if other.path != file.path:
                raise ConfigError(f"build.code: {other.path} and {file.path} both go to /{file.entry.path}")
    return tuple(found[path] for path in sorted(found))


def contents(folder: Path, files: Iterable[CodeFile], workdir: str, below: Filesystem) -> Iterator[tar.Content]:
    """The code layer's entries, the working directory first. Raises ConfigError when a file has gone."""
    return tar.with_parents(_contents(folder, files, workdir, below), below.folder)


def _contents(folder: Path, files: Iterable[CodeFile], workdir: str, below: Filesystem) -> Iterator[tar.Content]:
    if place := below.place(posixpath.normpath(f"/{workdir}").strip("/")):
        yield below.folder(place) or tar.directory(place), None
    for file in files:
        entry = replace(file.entry, path=below.place(file.entry.path))
        if entry.kind != FILE:
            yield entry, None
            continue
        with _open(folder / file.path) as stream:
            yield entry, stream


def _item(item: str | CodeItem, workdir: str) -> tuple[str, str]:
    if isinstance(item, CodeItem):
        source = posixpath.normpath(item.source)
        to = posixpath.join(workdir, item.to)
        return source, posixpath.join(to, posixpath.basename(source)) if item.to.endswith("/") else to
    source = posixpath.normpath(item)
    return source, posixpath.join(workdir, source)


def _excludes(wanted: Selection) -> Patterns:
    try:
        ignored = (wanted.folder / DOCKERIGNORE).read_bytes()[:_MAX_IGNORE].decode("utf-8-sig").splitlines()
    except FileNotFoundError:
        ignored = []
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{wanted.folder / DOCKERIGNORE}: {error}") from error
    lines = [*ALWAYS_EXCLUDED, *(_literal(source) for source in wanted.weights)]
    # An exception in .dockerignore brings back what it excludes itself, never a secret or the weights.
    Patterns(ignored, DOCKERIGNORE)
    Patterns(wanted.build.exclude, "build.exclude")
    return Patterns((*ignored, *wanted.build.exclude, *lines), "build.exclude")


def _literal(source: str) -> str:
    return "".join(f"\\{c}" if c in "*?[]\\" else c for c in posixpath.normpath(source))


def _files(wanted: Selection, source: str, to: str, excluded: Patterns) -> Iterator[CodeFile]:
    path = wanted.folder / source
    if source == ".." or source.startswith(("../", "/")):
        raise ConfigError(f"build.code: {source} leads out of the model's folder")
    if not path.exists():
        raise ConfigError(f"build.code: {source}: there is no such file or folder")
    if not path.is_dir():
        yield _file(wanted.folder, source, to)
        return
    ignored = _Ignored.of(wanted.ignored, source)
    for below in _walk(path, "" if source == SELF else source, excluded):
        if not ignored.match(below):
            relative = below if source == SELF else below.removeprefix(f"{source}/")
            yield _file(wanted.folder, below, posixpath.join(to, relative))


@dataclass(frozen=True, slots=True)
class _Ignored:
    """Paths that git ignores."""

    files: frozenset[str]
    folders: tuple[str, ...]

    @classmethod
    def of(cls, paths: Iterable[str], source: str) -> _Ignored:
        """Those below a source. A source that is ignored itself was named all the same, such as what a build made."""
        paths = [path for path in paths if not f"{source}/".startswith(path)]
        return cls(
            frozenset(path for path in paths if not path.endswith("/")),
            tuple(path for path in paths if path.endswith("/")),
        )

    def match(self, path: str) -> bool:
        return path in self.files or path.startswith(self.folders)


def _walk(folder: Path, place: str, excluded: Patterns) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                path = posixpath.join(place, entry.name)
                is_folder = entry.is_dir(follow_symlinks=False)
                hidden = excluded.match(path)
                if is_folder and not (hidden and not excluded.has_exceptions):
                    yield from _walk(Path(entry.path), path, excluded)
                elif not is_folder and not hidden:
                    yield path
    except OSError as error:
        raise ConfigError(f"{folder}: {error.strerror}") from error


def _file(folder: Path, path: str, to: str) -> CodeFile:
    place = posixpath.normpath(f"/{to}").lstrip("/")
    status = (folder / path).lstat()
    if stat.S_ISLNK(status.st_mode):
        return CodeFile(path, Entry(place, SYMLINK, 0, 0o777, 0, 0, _link(folder, path)))
    if not stat.S_ISREG(status.st_mode):
        raise ConfigError(f"build.code: {path}: not a file, a folder or a link")
    # Of the modes git keeps only this bit, so the umask of a checkout doesn't matter.
    mode = 0o755 if status.st_mode & stat.S_IXUSR else 0o644
    return CodeFile(path, tar.file(place, status.st_size, mode))


def _link(folder: Path, path: str) -> str:
    target = os.readlink(folder / path)  # noqa: PTH115 - Path would normalise it
    place = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    if target.startswith("/") or place == ".." or place.startswith("../"):
        raise ConfigError(
            f"build.code: {path}: a link to {target}, outside the model's folder",
            hint="exclude it, or put the file itself there",
        )
    return target


def _open(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
