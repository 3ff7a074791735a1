"""Where credentials come from: the environment, containers' and Docker's files, and their helpers."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from tidegate.auth.config_file import ConfigFile, server_url
from tidegate.auth.credential import Credential
from tidegate.auth.helper import ask_helper, find_helper
from tidegate.errors import ConfigError

log = logging.getLogger(__name__)

_MAX_FILE = 4 << 20
_USERNAME, _PASSWORD, _HOST = (
    "TIDEGATE_REGISTRY_USERNAME",
    "TIDEGATE_REGISTRY_PASSWORD",
    "TIDEGATE_REGISTRY_HOST",
)


class Credentials(Protocol):
    """What answers for a registry's credentials."""

    def credential(self, registry: str, repository: str) -> Credential | None:
        """Fetch it now; None when there is none, and the registry is used anonymously."""


class Keychain:
    """Asks every source anew each time, so that a credential is never older than its use.

    In this order: the environment's TIDEGATE_REGISTRY_USERNAME and _PASSWORD for the host in
    TIDEGATE_REGISTRY_HOST, `$REGISTRY_AUTH_FILE`, `$XDG_RUNTIME_DIR/containers/auth.json`,
    `$DOCKER_CONFIG/config.json` or `~/.docker/config.json`.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def credential(self, registry: str, repository: str) -> Credential | None:
        """Raises ConfigError for a broken file, OutsideError for a helper that fails."""
        given = self._from_environment(registry)
        if given is not None:
            return given
        for path in self._files():
            found = self._from_file(path, registry, repository)
            if found is not None:
                log.debug("credential for %s from %s", registry, path)
                return found
        return None

    def _from_environment(self, registry: str) -> Credential | None:
        username, password = self._environ.get(_USERNAME), self._environ.get(_PASSWORD)
        if not username and not password:
            return None
        host = self._environ.get(_HOST)
        if not host:
            raise ConfigError(
                f"{_USERNAME} and {_PASSWORD} are set, but not for which registry",
                hint=f"set {_HOST} too, so that no other registry is sent the password",
            )
        if not username or not password:
            raise ConfigError(f"{_USERNAME if password else _PASSWORD} is empty", hint="set both, or neither")
        return Credential(username, password) if host == registry else None

    def _files(self) -> Iterator[Path]:
        environ = self._environ
        if environ.get("REGISTRY_AUTH_FILE"):
            yield Path(environ["REGISTRY_AUTH_FILE"])
        if environ.get("XDG_RUNTIME_DIR"):
            yield Path(environ["XDG_RUNTIME_DIR"]) / "containers/auth.json"
        if environ.get("DOCKER_CONFIG"):
            yield Path(environ["DOCKER_CONFIG"]) / "config.json"
        elif environ.get("HOME"):
            yield Path(environ["HOME"]) / ".docker/config.json"

    def _from_file(self, path: Path, registry: str, repository: str) -> Credential | None:
        data = _read(path)
        if not data:
            return None
        config = ConfigFile.parse(data, str(path))
        chosen = config.helper(registry)
        if chosen is not None:
            return self._required(path, *chosen)
        entry = config.entry(registry, repository)
        found = entry.credential(f"{path}, {registry}") if entry else None
        if found is None and config.store:
            return self._optional(path, config.store, server_url(registry))
        return found

    def _required(self, path: Path, helper: str, key: str) -> Credential | None:
        program = find_helper(helper, self._environ)
        if program is None:
            raise ConfigError(
                f"{path}: credHelpers names {helper!r} for {key}, but there is no docker-credential-{helper}",
                hint="install it and put it on PATH, or remove it from the file",
            )
        return ask_helper(program, key, self._environ)

    def _optional(self, path: Path, helper: str, key: str) -> Credential | None:
        # A desktop's file often travels to machines that have no such store.
        program = find_helper(helper, self._environ)
        if program is None:
            log.warning("%s: credsStore is %r, but there is no docker-credential-%s on PATH", path, helper, helper)
            return None
        return ask_helper(program, key, self._environ)


def _read(path: Path) -> bytes:
    """The file's bytes, none when there is no such file. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_FILE + 1)
    except (FileNotFoundError, NotADirectoryError):
        return b""
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", hint="it is read for registry credentials") from error
    if len(data) > _MAX_FILE:
        raise ConfigError(f"{path}: more than the {_MAX_FILE} bytes that are accepted")
    return data
