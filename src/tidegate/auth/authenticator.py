"""Keeps one repository's requests authorized: the dance after a 401, and tokens renewed before they end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from tidegate.auth.challenge import Challenge, parse_challenges
from tidegate.auth.credential import Credential
from tidegate.auth.keychain import Credentials
from tidegate.auth.token import Token, fetch_token
from tidegate.transport.http import Transport

Scopes = tuple[str, ...]


class Authenticator:
    """Authorization headers for one repository of a registry. Safe to use from several threads.

    Nothing is kept but in memory: tokens until they end, a Basic credential until it is refused.
    """

    def __init__(
        self,
        transport: Transport,
        credentials: Credentials,
        registry: str,
        repository: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport = transport
        self._credentials = credentials
        self._registry = registry
        self._repository = repository
        self._clock = clock
        self._lock = threading.Lock()
        self._challenge: Challenge | None = None
        self._basic = ""
        self._tokens: dict[Scopes, Token] = {}

    def header(self, scopes: Scopes) -> str | None:
        """The Authorization header for a request that needs these scopes; None before the first challenge."""
        with self._lock:
            if self._challenge is None:
                return None
            if self._challenge.scheme == "basic":
                return self._basic or None
            token = self._tokens.get(scopes)
            if token is None or self._clock() >= token.renew_at:
                token = self._renew(self._challenge, scopes)
            return token.header

    def challenged(self, header: str, scopes: Scopes, rejected: str | None) -> bool:
        """Take in a 401's WWW-Authenticate; whether there is now another header than the rejected one.

        Raises RegistryError when the token service refuses.
        """
        challenge = _choose(parse_challenges(header))
        if challenge is None:
            return False
        with self._lock:
            self._challenge = challenge
            if challenge.scheme == "basic":
                return self._log_in(rejected)
            token = self._tokens.get(scopes)
            if token is None or token.header == rejected or self._clock() >= token.renew_at:
                token = self._renew(challenge, scopes)
            return token.header != rejected

    def _log_in(self, rejected: str | None) -> bool:
        if not self._basic or self._basic == rejected:
            credential = self._credential()
            self._basic = credential.basic() if credential and not credential.identity_token else ""
        return bool(self._basic) and self._basic != rejected

    def _renew(self, challenge: Challenge, scopes: Scopes) -> Token:
        asked = challenge.parameters.get("scope", "")
        # Ours come first; a registry that names its scopes otherwise gets them as it named them.
        own = any(scope.rpartition(":")[0] == asked.rpartition(":")[0] for scope in scopes)
        wanted = scopes if own or not asked else (*scopes, asked)
        token = fetch_token(self._transport, challenge, wanted, self._credential(), self._clock())
        self._tokens[scopes] = token
        return token

    def _credential(self) -> Credential | None:
        return self._credentials.credential(self._registry, self._repository)


def _choose(challenges: tuple[Challenge, ...]) -> Challenge | None:
    by_scheme = {challenge.scheme: challenge for challenge in reversed(challenges)}
    return by_scheme.get("bearer") or by_scheme.get("basic")
