"""Python package indexes: the configuration's and the environment's, as uv and as downloads need them."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from tidegate.errors import ConfigError
from tidegate.project.config import PackageIndex

# The user of an index whose secret is a bare token; the index' address may name another one.
_TOKEN_USER = "__token__"  # noqa: S105 - a user name
# What uv may see of the environment besides its indexes.
_PASSED = frozenset({"HOME", "LANG", "NETRC", "PATH", "SSL_CERT_DIR", "SSL_CERT_FILE", "TMPDIR", "XDG_CONFIG_HOME"})
_PASSED_TO_UV = frozenset(
    {
        "UV_EXCLUDE_NEWER",
        "UV_HTTP_RETRIES",
        "UV_HTTP_TIMEOUT",
        "UV_INSECURE_HOST",
        "UV_KEYRING_PROVIDER",
        "UV_SYSTEM_CERTS",
        "UV_OFFLINE",
    }
)


@dataclass(frozen=True, slots=True)
class Login:
    """A user and password for all addresses of one origin."""

    origin: tuple[str, str]
    user: str
    password: str

    @property
    def header(self) -> dict[str, str]:
        """HTTP Basic (RFC 7617)."""
        pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode("ascii")
        return {"Authorization": f"Basic {pair}"}


@dataclass(frozen=True, slots=True)
class Indexes:
    """The indexes of `build.indexes` in the environment that holds their secrets."""

    configured: Sequence[PackageIndex]
    environ: Mapping[str, str]

    def uv_environment(self) -> dict[str, str]:
        """All that uv is told, in environment variables: nothing secret is ever an argument.

        pip's variables are translated, since uv ignores them; uv's own win over pip's.
        Raises ConfigError when an index' secret isn't set.
        """
        environ = self.environ
        told = {name: environ[name] for name in environ if name in _PASSED | _PASSED_TO_UV or _is_proxy(name)}
        named = [f"{_name(position)}={_bare(index.url)}" for position, index in enumerate(self.configured)]
        extra = environ.get("UV_INDEX") or environ.get("UV_EXTRA_INDEX_URL") or environ.get("PIP_EXTRA_INDEX_URL", "")
        if all_indexes := [*named, *extra.split()]:
            told["UV_INDEX"] = " ".join(all_indexes)
        if default := self._default():
            told["UV_DEFAULT_INDEX"] = default
        for position, login in self._configured_logins():
            told[f"UV_INDEX_{_name(position).upper()}_USERNAME"] = login.user
            told[f"UV_INDEX_{_name(position).upper()}_PASSWORD"] = login.password
        bundles = ("TIDEGATE_CA_FILE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "PIP_CERT")
        bundle = next((environ[name] for name in bundles if environ.get(name)), "")
        # A company's own authority is in the system's store, which uv looks at only when told to.
        return {**told, "SSL_CERT_FILE": bundle} if bundle else {"UV_SYSTEM_CERTS": "true", **told}

    def headers(self, url: str) -> dict[str, str]:
        """The login to send to an address: that of the index of the same origin, if it has one."""
        origin = _origin(url)
        logins = [login for _, login in self._configured_logins()]
        logins += [login for login in map(_from_url, self._environment_urls()) if login is not None]
        return next((login.header for login in logins if login.origin == origin), {})

    def position(self, url: str) -> int | None:
        """Which of `build.indexes` an address is, or None for any other."""
        for position, index in enumerate(self.configured):
            if _bare(index.url).rstrip("/") == _bare(url).rstrip("/"):
                return position
        return None

    def _default(self) -> str:
        names = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
        return next((self.environ[name] for name in names if self.environ.get(name)), "")

    def _environment_urls(self) -> Iterator[str]:
        yield self._default()
        for name in ("UV_INDEX", "UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
            for word in self.environ.get(name, "").split():
                yield word if "://" in word.partition("=")[0] else word.partition("=")[2] or word

    def _configured_logins(self) -> Iterator[tuple[int, Login]]:
        for position, index in enumerate(self.configured):
            login = _from_url(index.url)
            if login is not None and login.password:
                raise ConfigError(
                    f"build.indexes[{position}].url: it has a password in it",
                    hint="put the password into an environment variable and name that one as auth: {env: NAME}",
                )
            if index.auth is None:
                continue
            secret = self.environ.get(index.auth.env)
            if not secret:
                raise ConfigError(
                    f"build.indexes[{position}].auth: the environment variable {index.auth.env} is not set",
                    hint="set it to the index' token, or to user:password",
                )
            yield position, _login(index.url, login.user if login else "", secret)


def _login(url: str, user: str, secret: str) -> Login:
    """A secret is `user:password` or a password alone, whose user may be in the address (`https://aws@…`)."""
    if user:
        return Login(_origin(url), user, secret)
    name, colon, password = secret.partition(":")
    return Login(_origin(url), name, password) if colon else Login(_origin(url), _TOKEN_USER, secret)


def _from_url(url: str) -> Login | None:
    parts = urlsplit(url)
    if not parts.username:
        return None
    return Login(_origin(url), unquote(parts.username), unquote(parts.password or ""))


def _bare(url: str) -> str:
    """An address without its user."""
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{quote(path, safe='/%:+~?=&@')}"


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.rpartition("@")[2].lower()


def _name(position: int) -> str:
    return f"configured{position}"


def _is_proxy(name: str) -> bool:
    return name.lower() in {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}
