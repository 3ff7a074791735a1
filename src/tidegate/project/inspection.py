"""What a model folder seems to hold: requirements, entry file, model files, Dockerfile, golden cases."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from tidegate.errors import ConfigError
from tidegate.project.entry import Kind, Source, read_source
from tidegate.project.reader import CONFIG_NAME

_MODEL = re.compile(
    r".+\.(?:joblib|pkl|pickle|dill|skops|npz|pt|pth|ckpt|safetensors|onnx|engine|tflite|gguf|ggml|llamafile"
    r"|h5|hdf5|keras|ubj|bst|cbm|lgb|mlmodel)|pytorch_model\.bin|saved_model\.pb",
    re.IGNORECASE,
)
# The first that is there is taken: the more it pins, the earlier.
REQUIREMENTS = ("uv.lock", "pylock.toml", "requirements.txt", "pyproject.toml")
_METADATA = frozenset({*REQUIREMENTS, ".python-version", "Dockerfile"})
_ENTRIES = ("app.py", "main.py", "serve.py", "server.py", "api.py", "predict.py", "inference.py", "run.py")
_NOT_ENTRIES = re.compile(r"(?:setup|conftest|noxfile|train.*|test_.*|.*_test)\.py")
_SIDECAR = re.compile(r"config\.json|tokenizer.*|.*\.index\.json|saved_model\.pb|generation_config\.json")
_SKIPPED = frozenset({"__pycache__", "node_modules", "venv", "site-packages", "dist", "build", "tidegate-report"})
_MAX_FILES = 20_000
_MAX_TEXT = 1 << 20
_PYTHONS = ("3.11", "3.12", "3.13", "3.14", "3.10", "3.9")


@dataclass(frozen=True, slots=True)
class Entry:
    """The file that starts the model, and what its source tells."""

    path: str
    source: Source

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py")


@dataclass(frozen=True, slots=True)
class Findings:
    """Paths are relative to the folder, with `/`. `weights` holds files and folders, `code` what the entry imports."""

    name: str
    requirements: str | None
    packages: frozenset[str]
    python: str | None
    entry: Entry | None
    code: tuple[str, ...]
    weights: tuple[str, ...]
    dockerfile: str | None
    port: int | None
    golden: tuple[tuple[str, str], ...]
    # The file that configures Tidegate already.
    configured: str | None = None


def inspect_folder(folder: Path) -> Findings:
    """Look at a folder, running nothing and following no links. Raises ConfigError when it isn't a folder."""
    if not folder.is_dir():
        raise ConfigError(f"{folder}: not a folder", hint="name the model's folder")
    try:
        files = list_files(folder)
    except OSError as error:
        raise ConfigError(f"{error.filename}: {error.strerror}") from error
    return inspect(folder.resolve().name, files, lambda path: _read(folder / path))


def list_files(folder: Path) -> list[str]:
    """The files below a folder, sorted, without hidden ones, links, environments, caches
    and names that can't be printed.

    Raises OSError, and ConfigError when there are too many for a model's folder.
    """
    found: list[str] = []
    for place, folders, files in os.walk(folder, onerror=_fail):
        here = Path(place)
        folders[:] = [name for name in folders if _is_looked_into(name) and not (here / name / "pyvenv.cfg").exists()]
        relative = here.relative_to(folder)
        found.extend(
            (relative / name).as_posix() for name in files if name.isprintable() and not (here / name).is_symlink()
        )
        if len(found) > _MAX_FILES:
            raise ConfigError(
                f"{folder}: more than {_MAX_FILES} files", hint="run it in the folder of one model, beside its code"
            )
    return sorted(path for path in found if not path.startswith(".") or path in _METADATA)


def inspect(name: str, files: Iterable[str], read: Callable[[str], str]) -> Findings:
    """What a listing and its text files tell; `read` gives a file's text, empty when it has none."""
    paths = tuple(files)
    top = {path: read(path) for path in paths if "/" not in path and (path.endswith(".py") or path in _METADATA)}
    sources = {path: source for path, text in top.items() if path.endswith(".py") and (source := read_source(text))}
    entry = find_entry(sources)
    requirements = next((path for path in REQUIREMENTS if path in top and _has_requirements(path, top[path])), None)
    return Findings(
        name=(entry.source.model_name if entry else "") or normalise_name(name),
        requirements=requirements,
        packages=frozenset(_packages(requirements, top)),
        python=find_python(top),
        entry=entry,
        code=find_code(entry, paths, sources),
        weights=find_weights(paths),
        dockerfile="Dockerfile" if "Dockerfile" in paths else None,
        port=_exposed(top.get("Dockerfile", "")),
        golden=find_golden(paths),
        configured=_configured(paths, top),
    )


def normalise_name(text: str) -> str:
    """A folder's name as a model's name."""
    return re.sub("[^a-z0-9]+", "-", text.lower()).strip("-")[:128].strip("-") or "model"


def find_entry(sources: Mapping[str, Source]) -> Entry | None:
    """The file that holds a web application, else the program; well-known names first."""
    names = [*_ENTRIES, *(path for path in sources if path not in _ENTRIES and not _NOT_ENTRIES.fullmatch(path))]
    known = [Entry(name, sources[name]) for name in names if name in sources]
    served = [entry for entry in known if entry.source.kind in {Kind.ASGI, Kind.WSGI}]
    return next(iter(served or [entry for entry in known if entry.source.kind]), None)


def find_code(entry: Entry | None, files: Iterable[str], sources: Mapping[str, Source]) -> tuple[str, ...]:
    """The entry file and, followed through its imports, the modules and packages of the folder that it needs."""
    if entry is None:
        return ()
    folders = {str(parent) for path in files if path.endswith(".py") for parent in PurePosixPath(path).parents}
    found, waiting = [entry.path], list(entry.source.imports)
    while waiting:
        module = waiting.pop(0)
        place = next((p for p in (f"{module}.py", module, f"src/{module}") if p in sources or p in folders), None)
        if place and place not in found:
            found.append(place)
            waiting.extend(sources[place].imports if place in sources else ())
    return tuple(found)


def find_weights(files: Iterable[str]) -> tuple[str, ...]:
    """Model files, and folders that hold one model in several files."""
    groups: dict[str, list[str]] = {}
    for path in files:
        groups.setdefault(str(PurePosixPath(path).parent), []).append(path)
    found: list[str] = []
    for folder, paths in sorted(groups.items()):
        models = [path for path in paths if _is_model(path)]
        several = len(models) > 1 or any(_SIDECAR.fullmatch(PurePosixPath(path).name) for path in paths)
        has_code = any(path.endswith(".py") for path in paths)
        found.extend([folder] if models and several and not has_code and folder != "." else models)
    return tuple(path for path in found if not any(path.startswith(f"{other}/") for other in found))


def find_golden(files: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Pairs of JSON files whose names differ only in `in` and `out`, or in `input` and `expected`."""
    paths = {path for path in files if path.endswith(".json")}
    pairs = (
        (path, other)
        for path in sorted(paths)
        for old, new in (("in", "out"), ("input", "output"), ("input", "expected"), ("request", "response"))
        if (other := _swap(path, old, new)) != path and other in paths
    )
    return tuple(dict.fromkeys(pairs))


def find_python(texts: Mapping[str, str]) -> str | None:
    """The Python version that the folder asks for: `.python-version`, else the first that requires-python allows."""
    pinned = re.match(r"\s*(3\.[0-9]+)", texts.get(".python-version", ""))
    if pinned:
        return pinned[1]
    wanted = _table(texts.get("pyproject.toml", ""), "project").get("requires-python")
    try:
        allowed = SpecifierSet(wanted) if isinstance(wanted, str) else None
    except InvalidSpecifier:
        return None
    # The last patch release, so that >=3.11.4 allows 3.11.
    return next((version for version in _PYTHONS if f"{version}.99" in allowed), None) if allowed else None


def _is_model(path: str) -> bool:
    return _MODEL.fullmatch(PurePosixPath(path).name) is not None


def _swap(path: str, old: str, new: str) -> str:
    head, slash, name = path.rpartition("/")
    return head + slash + re.sub(rf"(?<![a-zA-Z]){old}(?![a-zA-Z])", new, name)


def _has_requirements(path: str, text: str) -> bool:
    return path != "pyproject.toml" or bool(_table(text, "project").get("dependencies"))


def _packages(path: str | None, texts: Mapping[str, str]) -> Iterable[str]:
    """Names of the packages that the requirements ask for, as far as they can be read."""
    text = texts.get(path or "", "")
    if path == "pyproject.toml":
        lines = [line for line in _list(_table(text, "project").get("dependencies")) if isinstance(line, str)]
    elif path == "requirements.txt":
        lines = [line.partition(" #")[0] for line in text.splitlines()]
    else:
        tables = _toml(text)
        packages = _list(tables.get("package")) + _list(tables.get("packages"))
        lines = [str(package.get("name")) for package in packages if isinstance(package, dict)]
    for line in lines:
        try:
            yield canonicalize_name(Requirement(line.partition("--hash")[0].strip(" \\")).name)
        except InvalidRequirement:
            continue


def _configured(paths: Iterable[str], texts: Mapping[str, str]) -> str | None:
    if CONFIG_NAME in paths:
        return CONFIG_NAME
    return "pyproject.toml" if "tidegate" in _table(texts.get("pyproject.toml", ""), "tool") else None


def _exposed(dockerfile: str) -> int | None:
    found = re.search(r"(?im)^\s*EXPOSE\s+([0-9]{1,5})\b", dockerfile)
    return int(found[1]) if found and 0 < int(found[1]) < 65536 else None


def _table(text: str, name: str) -> Mapping[str, object]:
    table = _toml(text).get(name)
    return table if isinstance(table, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _toml(text: str) -> Mapping[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8") if path.stat().st_size <= _MAX_TEXT else ""
    except (OSError, UnicodeDecodeError):
        return ""


def _is_looked_into(folder: str) -> bool:
    return folder.isprintable() and not folder.startswith(".") and folder not in _SKIPPED


def _fail(error: OSError) -> None:
    raise error
