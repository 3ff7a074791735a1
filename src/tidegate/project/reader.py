"""Reading tidegate.yaml, or `[tool.tidegate]` of pyproject.toml, into a Config."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import yaml

from tidegate.errors import ConfigError
from tidegate.project import yaml12
from tidegate.project.config import Config
from tidegate.project.rules import check

CONFIG_NAME = "tidegate.yaml"
_HINT = "each key and what it may be: docs/reference/configuration.md"
_MEND = "mend the file, or write a new one with: tidegate init"
_MAX_BYTES = 1 << 20
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<key>[^`]*)`(?: - at `\$\.?(?P<place>[^`]*)`)?")
_PLACED = re.compile(r"(?P<what>.*) - at `\$\.?(?P<place>[^`]*)`")
_NOT_KEY = re.compile(r"at `key` in `")
_NOT_TEXT = re.compile(r"Expected `str(?: \| null)?`, got `(?:int|float|bool)`")


@dataclass(frozen=True, slots=True)
class Project:
    """A model folder, its configuration, and the file that it was read from."""

    folder: Path
    config: Config
    source: Path


def read_project(folder: Path, environ: Mapping[str, str]) -> Project:
    """The configuration of a model folder. Raises ConfigError that names the file and the key."""
    if not folder.is_dir():
        raise ConfigError(f"{folder}: not a folder", hint="name the model's folder, the one with tidegate.yaml")
    source, data = _find(folder)
    try:
        config = parse(data, environ)
    except ConfigError as error:
        raise ConfigError(f"{source}: {error.message}", hint=error.hint or _HINT) from error
    return Project(folder.absolute(), config, source)


def parse(data: Any, environ: Mapping[str, str]) -> Config:
    """Plain data as a Config, with the variables that it lists replaced. Raises ConfigError that names the key."""
    if not isinstance(data, dict):
        raise ConfigError("not a mapping of keys", hint="it starts with: tidegate: 1")
    named = data.get("variables") or []
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        raise ConfigError("variables: a list of names of environment variables is expected")
    values = {name: environ.get(name) for name in named}
    try:
        config = msgspec.convert(_replace(data, values, ""), type=Config)
    except msgspec.ValidationError as error:
        raise _explain(str(error)) from error
    check(config)
    return config


def _find(folder: Path) -> tuple[Path, Any]:
    yaml_file, toml_file = folder / CONFIG_NAME, folder / "pyproject.toml"
    table = _read_toml(toml_file) if toml_file.is_file() else None
    if yaml_file.is_file():
        if table is not None:
            raise ConfigError(
                f"{folder}: both tidegate.yaml and [tool.tidegate] in pyproject.toml", hint="keep one of them"
            )
        return yaml_file, _read_yaml(yaml_file)
    if table is None:
        raise ConfigError(
            f"{folder}: there is no tidegate.yaml", hint=f"write a first one with: tidegate init {folder}"
        )
    return toml_file, table


def _read_yaml(path: Path) -> Any:
    try:
        return yaml12.load(_read(path))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise ConfigError(f"{path}{line}: {error.problem or error.context}", hint=_MEND) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ConfigError(f"{path}: {str(error).partition(chr(10))[0]}", hint=_MEND) from error


def _read_toml(path: Path) -> Any:
    try:
        tools = tomllib.loads(_read(path)).get("tool")
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: {error}", hint="mend the file") from error
    return tools.get("tidegate") if isinstance(tools, dict) else None


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ConfigError(f"{path}: larger than the {_MAX_BYTES} bytes that are accepted", hint=_HINT)
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", hint="check the file's rights") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text: {error.reason}", hint=_MEND) from error


def _replace(value: Any, values: Mapping[str, str | None], place: str) -> Any:
    if isinstance(value, str):
        return _VARIABLE.sub(lambda match: _variable(match[1], values, place), value)
    if isinstance(value, dict):
        return {key: _replace(item, values, f"{place}.{key}".lstrip(".")) for key, item in value.items()}
    if isinstance(value, list):
        return [_replace(item, values, f"{place}[{index}]") for index, item in enumerate(value)]
    return value


def _variable(name: str, values: Mapping[str, str | None], place: str) -> str:
    if name not in values:
        raise ConfigError(f"{place}: ${{{name}}} is not listed under variables", hint=f"add {name} to variables:")
    value = values[name]
    if value is None:
        raise ConfigError(f"{place}: the environment variable {name} is not set", hint=f"set {name}, or take it out")
    return value


def _explain(text: str) -> ConfigError:
    if unknown := _UNKNOWN.fullmatch(text):
        place, key = unknown["place"] or "", unknown["key"]
        near = difflib.get_close_matches(key, _keys_at(place), n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(_keys_at(place))}"
        return ConfigError(f"{place + '.' if place else ''}{key}: there is no such key", hint=hint)
    if _NOT_KEY.search(text):
        return ConfigError("a key that is not text", hint="put it in quotes, or take it out")
    if placed := _PLACED.fullmatch(text):
        quoted = "put it in quotes" if _NOT_TEXT.match(placed["what"]) else ""
        return ConfigError(f"{placed['place'] or 'the file'}: {_plain(placed['what'])}", hint=quoted)
    return ConfigError(_plain(text))


def _plain(text: str) -> str:
    return text[:1].lower() + text[1:]


def _keys_at(place: str) -> list[str]:
    """The keys of the mapping at a place such as `build.base` or `weights[...]`."""
    kind: Any = Config
    for name in filter(None, re.split(r"[.\[]", place)):
        if name.endswith("]"):
            continue
        fields = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
        kind = _struct_in(fields.get(name))
        if kind is None:
            return []
    return [field.encode_name for field in msgspec.structs.fields(kind)]


def _struct_in(kind: Any) -> Any:
    """The mapping inside a type such as `tuple[str | CodeItem, ...] | None`."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind
    found = (_struct_in(part) for part in getattr(kind, "__args__", ()))
    return next((struct for struct in found if struct is not None), None)
