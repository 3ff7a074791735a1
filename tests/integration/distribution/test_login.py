"""Logging in to a registry: Basic and Bearer, expiry in mid-push, and who never gets to see a secret."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.scripted_registry import Handler, Script, scripted_registry
from tests.servers import docker_registry, open_remote

from tidegate.auth.credential import Credential
from tidegate.errors import NetworkError, RegistryError
from tidegate.oci import media_types
from tidegate.oci.digest import BLOCK, Digest
from tidegate.oci.store import put_bytes, read_blob

ROBOT = Credential("robot", "s3cret")
IDENTITY = Credential(identity_token="identity-token-1")
# robot:s3cret, bcrypt with the smallest cost.
HTPASSWD = "robot:$2y$04$abcdefghijklmnopqrstuuLZYjhNQAOdpbzt4WxWlUHjv1wsyH5DG\n"


@dataclass
class Tokens:
    """A token service on the registry's own address, at /token."""

    script: Script
    uses: int = 1000
    expires_in: float = 300
    realm: str = ""
    issued: int = 0
    left: dict[str, int] = field(default_factory=dict)
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    allowed: tuple[str, ...] = (ROBOT.basic(),)

    def __call__(self, handler: Handler) -> bool:
        if urlsplit(handler.path).path == "/token":
            self._issue(handler)
            return False
        token = (handler.headers.get("Authorization") or "").removeprefix("Bearer ")
        if self.left.get(token, 0) > 0:
            self.left[token] -= 1
            return True
        realm = self.realm or f"http://{self.script.address}/token"
        challenge = f'Bearer realm="{realm}",service="registry.acme.example",scope="repository:acme/digits:pull"'
        return not handler.refuse(401, "UNAUTHORIZED", WWW_Authenticate=challenge)

    def _issue(self, handler: Handler) -> None:
        form = parse_qs(handler.body().decode() if handler.command == "POST" else urlsplit(handler.path).query)
        self.asked.append(form)
        good = handler.headers.get("Authorization") in self.allowed
        if not good and form.get("refresh_token") != [IDENTITY.identity_token]:
            handler.refuse(401, "UNAUTHORIZED", "wrong password")
            return
        self.issued += 1
        token = f"token-{self.issued}"
        self.left[token] = self.uses
        answer = {"token": token, "expires_in": self.expires_in}
        handler.answer(200, json.dumps(answer).encode())


@pytest.fixture
def registry() -> Iterator[Script]:
    with scripted_registry() as script:
        yield script


@pytest.fixture
def tokens(registry: Script) -> Tokens:
    registry.authorize = tokens = Tokens(registry)
    return tokens


def push(registry: Script, login: Credential | None, data: bytes = b"layer") -> None:
    put_bytes(open_remote(registry.address, "acme/digits", login=login), data, media_types.LAYER)


@pytest.mark.parametrize("login", [ROBOT, IDENTITY], ids=["password", "identity token"])
def test_one_token_serves_a_whole_push(registry: Script, tokens: Tokens, login: Credential) -> None:
    """It is asked for once, with the right to pull and push."""
    push(registry, login)
    assert tokens.issued == 1
    assert tokens.asked[0]["scope"] == ["repository:acme/digits:pull,push"]
    assert tokens.asked[0]["service"] == ["registry.acme.example"]


def test_a_token_that_is_used_up_in_mid_push_is_renewed(registry: Script, tokens: Tokens) -> None:
    """A 401 on any request of a push, the closing PUT included, gets a new token."""
    tokens.uses = 1
    data = os.urandom(3 * BLOCK)
    push(registry, ROBOT, data)
    assert list(registry.blobs.values()) == [data]
    assert tokens.issued == 3


def test_a_token_near_its_end_is_renewed_before_it_is_refused(registry: Script, tokens: Tokens) -> None:
    """No body is sent only to be answered with 401."""
    tokens.expires_in = 0
    push(registry, ROBOT)
    assert [seen.method for seen in registry.seen if "uploads" in seen.path] == ["POST", "PUT"]
    assert tokens.issued >= 3


def test_a_wrong_password_is_said_without_the_password(registry: Script, tokens: Tokens) -> None:
    """With the user's name and the next step."""
    with pytest.raises(RegistryError, match="refused 'robot'") as caught:
        push(registry, Credential("robot", "wr0ng"))
    assert caught.value.status == 401
    assert "wr0ng" not in str(caught.value)
    assert "password" in caught.value.hint


def test_a_token_that_is_refused_is_an_error(registry: Script, tokens: Tokens) -> None:
    """Not an endless dance."""
    tokens.uses = 0
    with pytest.raises(RegistryError, match="401") as caught:
        push(registry, ROBOT)
    assert "log in" in caught.value.hint
    assert tokens.issued <= 2


def test_a_realm_over_plain_http_gets_no_password(registry: Script, tokens: Tokens) -> None:
    """However the registry names it."""
    tokens.realm = "http://tokens.acme.example/token"
    with pytest.raises(NetworkError, match="plain HTTP is refused"):
        push(registry, ROBOT)


@pytest.mark.parametrize("realm", ["file:///etc/passwd", "tokens", "//tokens"])
def test_a_realm_that_is_no_address_is_refused(registry: Script, tokens: Tokens, realm: str) -> None:
    """And said."""
    tokens.realm = realm
    with pytest.raises(NetworkError, match="token service"):
        push(registry, ROBOT)


def test_an_identity_token_is_not_sent_on_by_a_redirect(registry: Script, tokens: Tokens) -> None:
    """The body of the exchange is a secret."""
    with scripted_registry() as other:
        where = f"http://{other.address}/token"
        registry.fault("POST", "/token", lambda handler: bool(handler.body()) and handler.answer(307, Location=where))
        with pytest.raises(RegistryError, match="307"):
            push(registry, IDENTITY)
        assert other.seen == []


def test_a_password_does_not_follow_a_redirect_to_another_host(registry: Script, tokens: Tokens) -> None:
    """Neither does a token: a download from elsewhere is asked for without."""
    push(registry, ROBOT, b"layer")
    digest = next(iter(registry.blobs))
    with scripted_registry() as other:
        other.blobs[digest] = b"layer"
        where = f"http://{other.address}/v2/acme/digits/blobs/{digest}"
        registry.fault("GET", "blobs", lambda handler: handler.answer(307, Location=where))
        remote = open_remote(registry.address, "acme/digits", login=ROBOT)
        assert remote.blob_size(Digest(digest)) == 5
        assert read_blob(remote, Digest(digest), 10) == b"layer"
        assert "authorization" not in other.seen[0].headers


def test_without_a_login_a_private_registry_says_how(registry: Script) -> None:
    """Basic, and nothing to say."""
    registry.authorize = lambda handler: not handler.refuse(401, "UNAUTHORIZED", WWW_Authenticate="Basic")
    with pytest.raises(RegistryError, match="401") as caught:
        push(registry, None)
    assert "docker login" in caught.value.hint


@pytest.mark.needs("docker-registry")
def test_basic_login_against_a_real_registry(tmp_path: Path) -> None:
    """htpasswd in docker-registry: with the password it works, without it doesn't."""
    with docker_registry(tmp_path, htpasswd=HTPASSWD) as server:
        blob = put_bytes(open_remote(server.address, "acme/digits", login=ROBOT), b"layer", media_types.LAYER)
        with pytest.raises(RegistryError):
            open_remote(server.address, "acme/digits").blob_size(blob.digest)
        with pytest.raises(RegistryError):
            open_remote(server.address, "acme/digits", login=Credential("robot", "no")).blob_size(blob.digest)
