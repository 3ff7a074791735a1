"""Credential files of Docker (config.json) and containers (containers-auth.json(5))."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

import msgspec

from tidegate.auth.credential import Credential
from tidegate.errors import ConfigError
from tidegate.oci.reference import DOCKER_HUB

_HUB_NAMES = frozenset({DOCKER_HUB, "index.docker.io", "registry-1.docker.io"})


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One registry's login."""

    auth: str = ""
    username: str = ""
    password: str = ""
    identitytoken: str = ""

    def credential(self, where: str) -> Credential | None:
        """None for an empty entry, as credential stores leave them. Raises ConfigError."""
        if self.identitytoken:
            return Credential(identity_token=self.identitytoken)
        if self.auth:
            return _decode(self.auth, where)
        return Credential(self.username, self.password) if self.username else None


class ConfigFile(msgspec.Struct, frozen=True):
    """What such a file says about logins; everything else in it is not read."""

    auths: dict[str, Entry] = {}
    helpers: dict[str, str] = msgspec.field(default={}, name="credHelpers")
    store: str = msgspec.field(default="", name="credsStore")

    @classmethod
    def parse(cls, data: bytes, where: str) -> ConfigFile:
        """Raises ConfigError that names the file and the key."""
        try:
            return msgspec.json.decode(data, type=cls)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ConfigError(f"{where}: {error}", hint="log in again, or mend the file") from error

    def entry(self, registry: str, repository: str) -> Entry | None:
        """The entry with the longest key that is the registry, or a part of the path in it."""
        found: dict[str, Entry] = {}
        for key, entry in self.auths.items():
            found.setdefault(_normal(key), entry)
        return next((found[name] for name in _names(registry, repository) if name in found), None)

    def helper(self, registry: str) -> tuple[str, str] | None:
        """The credential helper that is named for the registry alone, and the key to ask it for."""
        keys = {_normal(key): (name, key) for key, name in self.helpers.items()}
        return keys.get(_hub(registry))


def server_url(registry: str) -> str:
    """What a registry is called in a credential store that is for all of them."""
    return "https://index.docker.io/v1/" if _hub(registry) == DOCKER_HUB else registry


def _names(registry: str, repository: str) -> Iterator[str]:
    path = f"{_hub(registry)}/{repository}"
    while path:
        yield path
        path = path.rpartition("/")[0]


def _normal(key: str) -> str:
    path = key.removeprefix("https://").removeprefix("http://").rstrip("/")
    host, _, rest = path.partition("/")
    rest = "" if rest in {"v1", "v2"} else rest
    return f"{_hub(host)}/{rest}" if rest else _hub(host)


def _hub(host: str) -> str:
    return DOCKER_HUB if host in _HUB_NAMES else host


def _decode(auth: str, where: str) -> Credential:
    try:
        username, colon, password = base64.b64decode(auth, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        colon = ""
    if not colon:
        raise ConfigError(f"{where}: `auth` is not base64 of user:password", hint="log in again, or mend the file")
    return Credential(username, password.rstrip("\0"))
