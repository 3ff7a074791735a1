"""Bearer tokens from a registry's token service (distribution's token and oauth2 specifications)."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

import msgspec

from tidegate.auth.challenge import Challenge
from tidegate.auth.credential import Credential
from tidegate.errors import ContentError, NetworkError, RegistryError
from tidegate.transport.http import Response, Transport
from tidegate.transport.redaction import redact

_MAX_ANSWER = 1 << 20
# Seconds, by the specification, when the answer names none.
_DEFAULT_LIFE = 60.0
_CLIENT = "tidegate"


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and when to get another one, in seconds of the clock it was made with."""

    value: str = field(repr=False)
    renew_at: float

    @property
    def header(self) -> str:
        return f"Bearer {self.value}"


class _Answer(msgspec.Struct, frozen=True):
    token: str = ""
    access_token: str = ""
    expires_in: float | None = None


def fetch_token(
    transport: Transport,
    challenge: Challenge,
    scopes: tuple[str, ...],
    credential: Credential | None,
    now: float,
) -> Token:
    """Ask the challenge's realm for a token, anonymously without a credential.

    Raises RegistryError when it refuses, NetworkError when it can't be reached or isn't safe to talk to.
    """
    realm = challenge.parameters.get("realm", "")
    if urlsplit(realm).scheme not in {"http", "https"}:
        raise NetworkError(f"the registry names no usable token service: {redact(realm)[:200]!r}")
    query = [("scope", scope) for scope in scopes]
    if challenge.parameters.get("service"):
        query.insert(0, ("service", challenge.parameters["service"]))
    if credential is not None and credential.identity_token:
        response = _exchange(transport, realm, query, credential.identity_token)
    else:
        response = _ask(transport, realm, query, credential)
    with response:
        return _parse(response, credential, now)


def _ask(transport: Transport, realm: str, query: list[tuple[str, str]], credential: Credential | None) -> Response:
    headers = {}
    if credential is not None:
        headers["Authorization"] = credential.basic()
        query = [("account", credential.username), *query]
    separator = "&" if urlsplit(realm).query else "?"
    url = f"{realm}{separator}{urlencode(query)}" if query else realm
    return transport.request("GET", url, headers=headers)


def _exchange(transport: Transport, realm: str, query: list[tuple[str, str]], identity_token: str) -> Response:
    scopes = " ".join(value for name, value in query if name == "scope")
    form = [(name, value) for name, value in query if name != "scope"]
    form += [("scope", scopes), ("grant_type", "refresh_token"), ("client_id", _CLIENT)]
    body = urlencode([*form, ("refresh_token", identity_token)]).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    # The body is a secret: it isn't sent on to wherever a redirect points.
    return transport.request("POST", realm, headers=headers, body=body, redirect=False)


def _parse(response: Response, credential: Credential | None, now: float) -> Token:
    where = f"token service {redact(response.url)}"
    if response.status != 200:
        raise _refusal(response, where, credential)
    try:
        answer = msgspec.json.decode(response.read(_MAX_ANSWER), type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ContentError(f"{where}: its answer is not the JSON of a token") from error
    value = answer.token or answer.access_token
    if not value or not value.isascii() or not value.isprintable():
        raise ContentError(f"{where}: its answer holds no token")
    life = _DEFAULT_LIFE if answer.expires_in is None else max(0.0, answer.expires_in)
    # Early enough that a token isn't refused by a clock that runs ahead.
    return Token(value, now + life - min(30.0, life / 4))


def _refusal(response: Response, where: str, credential: Credential | None) -> RegistryError:
    if response.status not in {400, 401, 403}:
        return RegistryError(f"{where}: answered {response.status}", status=response.status)
    if credential is None:
        who, hint = "gives no anonymous token", "log in to the registry first"
    else:
        name = repr(credential.username) if credential.username else "the identity token"
        who, hint = f"refused {name}", "check the user name and password or token, and what they may do; log in again"
    return RegistryError(f"{where}: {who} ({response.status})", status=response.status, code="UNAUTHORIZED", hint=hint)
