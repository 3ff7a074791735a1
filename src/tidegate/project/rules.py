"""What a configuration must be besides what the types of its keys say."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from datetime import date

from tidegate.errors import ConfigError, UsageError
from tidegate.oci.descriptor import Platform
from tidegate.project.config import Base, Build, Config, Destination, Ignore

_BASE_KINDS = ("debian", "image", "layout", "dockerfile")


def check(config: Config) -> None:
    """Raises ConfigError that names the key."""
    _check_base(config.build.base)
    if config.build.dockerfile:
        _check_dockerfile(config.build)
    _check_places(config)
    _check_environment(config.build.env)
    _check_platforms(config.build.platforms)
    _check_exceptions(config.ignore)
    _check_destinations(config.push)
    names = [weights.name for weights in config.weights]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise ConfigError(f"weights: two entries are named {twice!r}")
    if config.test.protocol in {"open-inference", "http"} and config.build.port is None and not config.build.dockerfile:
        raise ConfigError(
            f"build.port: protocol {config.test.protocol} needs the port that the model listens on",
            hint="add for example: port: 8080",
        )


def _check_base(base: Base) -> None:
    chosen = [kind for kind in _BASE_KINDS if getattr(base, kind) is not None]
    if len(chosen) != 1:
        raise ConfigError(
            f"build.base: {' and '.join(chosen) or 'nothing'} given",
            hint=f"exactly one of {', '.join(_BASE_KINDS)} is needed",
        )
    if (base.mirror or base.keyring) and base.debian is None:
        raise ConfigError("build.base: mirror and keyring belong to a debian base")


def _check_dockerfile(build: Build) -> None:
    ours = ("requirements", "code", "system_packages", "python", "command")
    extra = [name for name in ours if getattr(build, name)]
    if extra:
        raise ConfigError(
            f"build.{extra[0]}: has no effect beside build.dockerfile",
            hint="let the Dockerfile do it, or take build.dockerfile out",
        )


def _check_places(config: Config) -> None:
    places = {f"weights[{number}].path": weights.path for number, weights in enumerate(config.weights)}
    for key, path in {**places, "build.workdir": config.build.workdir}.items():
        if not path.startswith("/") or "\0" in path or ".." in path.split("/"):
            raise ConfigError(
                f"{key}: {path!r} is not a path in the image", hint="it starts with / and has no .. in it"
            )
    for key, path in places.items():
        if posixpath.normpath(path).strip("/") == "" and not path.endswith("/"):
            raise ConfigError(f"{key}: {path!r} is the image itself", hint="for example: /models/model.joblib")


def _check_environment(env: Mapping[str, str]) -> None:
    for name, value in env.items():
        if not name or "=" in name or "\0" in name + value:
            raise ConfigError(f"build.env: {name!r} can't be a variable", hint="a name has no = and no zero byte in it")


def _check_platforms(platforms: Sequence[str]) -> None:
    for text in platforms:
        try:
            system = Platform.parse(text).os
        except UsageError as error:
            raise ConfigError(f"build.platforms: {error.message}", hint=error.hint) from error
        if system != "linux":
            raise ConfigError(
                f"build.platforms: {text}: images for {system} can't be built", hint="linux/amd64 and linux/arm64 can"
            )
    twice = next((text for text in platforms if platforms.count(text) > 1), None)
    if twice:
        raise ConfigError(f"build.platforms: {twice} is there twice", hint="name each once")


def _check_exceptions(ignore: Sequence[Ignore]) -> None:
    for number, entry in enumerate(ignore):
        try:
            date.fromisoformat(entry.expired_at)
        except ValueError as error:
            raise ConfigError(
                f"ignore[{number}].expired_at: {entry.expired_at!r} is no day", hint="write it as 2026-12-31"
            ) from error


def _check_destinations(push: Sequence[Destination]) -> None:
    for number, destination in enumerate(push):
        if destination.create:
            raise ConfigError(
                f"push[{number}].create: this version can't create repositories",
                hint="create the repository in the registry first, and leave this out",
            )
