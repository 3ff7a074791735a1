"""Docker's and containers' credential files."""

from __future__ import annotations

import base64
import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.auth.config_file import ConfigFile, server_url
from tidegate.auth.credential import Credential
from tidegate.errors import ConfigError


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def find(document: object, registry: str, repository: str = "acme/digits") -> Credential | None:
    entry = ConfigFile.parse(json.dumps(document).encode(), "config.json").entry(registry, repository)
    return entry.credential("config.json") if entry else None


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"auth": encoded("me:pass:word")}, Credential("me", "pass:word")),
        ({"username": "me", "password": "pw"}, Credential("me", "pw")),
        ({"auth": encoded("me:x"), "identitytoken": "t0ken"}, Credential(identity_token="t0ken")),
        ({}, None),
        ({"email": "me@acme.example"}, None),
    ],
)
def test_every_shape_of_an_entry_is_read(entry: dict[str, str], expected: Credential | None) -> None:
    """An empty entry, as credential stores leave it, is none."""
    assert find({"auths": {"ghcr.io": entry}}, "ghcr.io") == expected


@pytest.mark.parametrize(
    "key",
    ["https://index.docker.io/v1/", "docker.io", "index.docker.io", "registry-1.docker.io", "https://docker.io"],
)
def test_docker_hub_is_known_by_all_its_names(key: str) -> None:
    """Old clients and new ones wrote different ones."""
    assert find({"auths": {key: {"auth": encoded("me:pw")}}}, "docker.io") == Credential("me", "pw")


@pytest.mark.parametrize(
    "key", ["r.acme.example:5000", "https://r.acme.example:5000", "http://r.acme.example:5000/v2/"]
)
def test_a_registry_is_found_by_host_and_port(key: str) -> None:
    """With a scheme and a version or without; another port is another registry."""
    document = {"auths": {key: {"auth": encoded("me:pw")}}}
    assert find(document, "r.acme.example:5000") == Credential("me", "pw")
    assert find(document, "r.acme.example") is None
    assert find(document, "acme.example:5000") is None


def test_the_longest_path_wins() -> None:
    """containers' files may key by namespace or repository."""
    keys = ["r.example", "r.example/acme", "r.example/acme/digits", "r.example/acme/dig", "r.example/other"]
    document = {"auths": {key: {"auth": encoded(f"{key}:pw")} for key in keys}}

    def user(repository: str) -> str:
        found = find(document, "r.example", repository)
        return found.username if found else ""

    assert user("acme/digits") == "r.example/acme/digits"
    assert user("acme/digits/cpu") == "r.example/acme/digits"
    assert user("acme/letters") == "r.example/acme"
    assert user("someone/else") == "r.example"


def test_a_helper_is_named_for_its_registry_alone() -> None:
    """With the key as the file writes it."""
    config = ConfigFile.parse(b'{"credHelpers": {"https://r.example": "ecr-login"}, "credsStore": "desktop"}', "c")
    assert config.helper("r.example") == ("ecr-login", "https://r.example")
    assert config.helper("other.example") is None
    assert config.store == "desktop"


def test_a_store_knows_docker_hub_by_its_oldest_name() -> None:
    """Others by their host."""
    assert server_url("docker.io") == "https://index.docker.io/v1/"
    assert server_url("ghcr.io") == "ghcr.io"


@pytest.mark.parametrize("auth", ["%%%", encoded("no colon"), base64.b64encode(b"\xff\xfe:x").decode()])
def test_an_auth_that_is_none_is_named_but_not_shown(auth: str) -> None:
    """The file is in the error, its secret isn't."""
    with pytest.raises(ConfigError, match=r"config\.json") as caught:
        find({"auths": {"r.example": {"auth": auth}}}, "r.example")
    assert auth not in str(caught.value)


@given(st.binary(max_size=100))
def test_a_file_of_any_bytes_is_read_or_refused(data: bytes) -> None:
    """A broken file gives one error, and nothing else is ever raised."""
    with contextlib.suppress(ConfigError):
        ConfigFile.parse(data, "config.json")
