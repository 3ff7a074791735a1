"""Requests to one repository: address, authorization, and nothing sent to anyone else."""

from __future__ import annotations

from collections.abc import Container, Mapping
from urllib.parse import urlsplit, urlunsplit

from tidegate.auth.authenticator import Authenticator, Scopes
from tidegate.distribution.refusal import refusal
from tidegate.transport.body import Stream
from tidegate.transport.http import Response, Transport, closing_on_error, join, origin
from tidegate.transport.retry import RetryPolicy


class Client:
    """Speaks to `base`, such as `https://ghcr.io`, about one repository."""

    def __init__(self, transport: Transport, base: str, repository: str, authenticator: Authenticator) -> None:
        self.transport = transport
        self.base = base
        self.repository = repository
        self._authenticator = authenticator
        self._actions = "pull"

    def url(self, path: str) -> str:
        """The address of something in the repository, such as `tags/list`."""
        return f"{self.base}/v2/{self.repository}/{path}"

    def writes(self) -> None:
        """From now on ask for the right to push as well."""
        self._actions = "pull,push"

    def deletes(self) -> None:
        """From now on ask for the right to delete as well."""
        self._actions = "pull,push,delete"

    def location(self, response: Response) -> str:
        """The absolute address in an answer's Location, its query kept; the answer's own when there is none.

        A registry behind a proxy that ends TLS may name itself by http: TLS is kept then.
        """
        parts = urlsplit(join(response.url, response.headers.get("Location", "")))
        own = urlsplit(self.base)
        if (parts.scheme, parts.hostname) == ("http", own.hostname) and own.scheme == "https":
            parts = parts._replace(scheme=own.scheme, netloc=own.netloc)
        return urlunsplit(parts)

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | Stream | None = None,
        pull_from: str | None = None,
        timeout: float = 60.0,
        retry: RetryPolicy | None = None,
    ) -> Response:
        """Send with authorization, once more after a 401 that could be answered.

        `pull_from` is another repository that the request reads. Raises NetworkError, RegistryError
        when the token service refuses.
        """
        scopes = self._scopes(pull_from)
        own = origin(url) == origin(self.base)

        def once(authorization: str | None) -> Response:
            sent = {**(headers or {}), **({"Authorization": authorization} if authorization else {})}
            return self.transport.request(method, url, headers=sent, body=body, timeout=timeout, retry=retry)

        header = self._authenticator.header(scopes) if own else None
        response = once(header)
        # A 401 from where a redirect led is none of this registry's.
        if response.status != 401 or not own or origin(response.url) != origin(url):
            return response
        with closing_on_error(response):
            if not self._authenticator.challenged(response.headers.get("WWW-Authenticate", ""), scopes, header):
                return response
        response.close()
        return once(self._authenticator.header(scopes))

    def _scopes(self, pull_from: str | None) -> Scopes:
        own = f"repository:{self.repository}:{self._actions}"
        return (own, f"repository:{pull_from}:pull") if pull_from else (own,)


def checked(response: Response, statuses: Container[int], what: str) -> Response:
    """The answer itself; RegistryError, and the answer closed, for any other status."""
    if response.status in statuses:
        return response
    with response:
        raise refusal(response, what)
