"""Indexes as uv and downloads need them."""

from __future__ import annotations

import base64

import pytest

from tidegate.errors import ConfigError
from tidegate.packages.indexes import Indexes
from tidegate.project.config import PackageIndex, Secret

ACME = "https://packages.acme.example/simple"
OTHER = "https://other.acme.example/simple"

# Without a bundle of its own uv looks at the system's certificates.
SYSTEM = {"UV_SYSTEM_CERTS": "true"}


def basic(pair: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


def private(url: str = ACME) -> PackageIndex:
    return PackageIndex(url=url, auth=Secret(env="PACKAGES_TOKEN"))


def test_configured_indexes_go_first_with_their_secrets_beside_them() -> None:
    """A secret is never part of an address."""
    environ = {"PACKAGES_TOKEN": "t0ken", "PIP_EXTRA_INDEX_URL": OTHER, "PATH": "/bin"}
    assert Indexes((private(),), environ).uv_environment() == {
        "PATH": "/bin",
        **SYSTEM,
        "UV_INDEX": f"configured0={ACME} {OTHER}",
        "UV_INDEX_CONFIGURED0_USERNAME": "__token__",
        "UV_INDEX_CONFIGURED0_PASSWORD": "t0ken",
    }


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"PIP_INDEX_URL": ACME}, {"UV_DEFAULT_INDEX": ACME, **SYSTEM}),
        ({"PIP_INDEX_URL": ACME, "UV_DEFAULT_INDEX": OTHER}, {"UV_DEFAULT_INDEX": OTHER, **SYSTEM}),
        ({"UV_INDEX_URL": ACME}, {"UV_DEFAULT_INDEX": ACME, **SYSTEM}),
        ({"PIP_CERT": "/ca.pem"}, {"SSL_CERT_FILE": "/ca.pem"}),
        ({"SSL_CERT_FILE": "/a.pem", "PIP_CERT": "/b.pem"}, {"SSL_CERT_FILE": "/a.pem"}),
        ({"UV_RESOLUTION": "lowest", "UV_CONFIG_FILE": "/x", "AWS_SECRET_ACCESS_KEY": "s"}, SYSTEM),
        ({"HTTPS_PROXY": "http://p", "no_proxy": "*"}, {"HTTPS_PROXY": "http://p", "no_proxy": "*", **SYSTEM}),
    ],
)
def test_the_environment_is_translated_for_uv(environ: dict[str, str], expected: dict[str, str]) -> None:
    """pip's variables count where uv's own are not set; nothing else gets through."""
    assert Indexes((), environ).uv_environment() == expected


@pytest.mark.parametrize(
    ("url", "secret", "pair"),
    [
        (ACME, "t0ken", "__token__:t0ken"),
        (ACME, "ada:pass:word", "ada:pass:word"),
        ("https://aws@packages.acme.example/simple", "t0:ken", "aws:t0:ken"),
    ],
)
def test_a_login_is_sent_to_the_origin_of_its_index_alone(url: str, secret: str, pair: str) -> None:
    """The user comes from the secret, or from the address."""
    indexes = Indexes((private(url),), {"PACKAGES_TOKEN": secret})
    assert indexes.headers("https://packages.acme.example/files/a.whl") == basic(pair)
    assert indexes.headers("http://packages.acme.example/files/a.whl") == {}
    assert indexes.headers("https://packages.acme.example.evil.example/a.whl") == {}


def test_logins_in_the_environments_addresses_are_used() -> None:
    """pip's habit, for its default and extra indexes."""
    environ = {
        "PIP_INDEX_URL": "https://a:p%40ss@packages.acme.example/simple",
        "UV_INDEX": "n=https://b:c@other.acme.example",
    }
    indexes = Indexes((), environ)
    assert indexes.headers("https://packages.acme.example/a.whl") == basic("a:p@ss")
    assert indexes.headers("https://other.acme.example/a.whl") == basic("b:c")


def test_a_secret_that_is_not_set_is_named() -> None:
    """By the variable and the key, without asking the index."""
    with pytest.raises(ConfigError, match=r"build\.indexes\[0\]\.auth: .*PACKAGES_TOKEN"):
        Indexes((private(),), {}).uv_environment()


def test_a_password_in_an_address_is_refused_without_showing_it() -> None:
    """It would lie in the repository."""
    with pytest.raises(ConfigError) as caught:
        Indexes((PackageIndex(url="https://a:hunter2@packages.acme.example/simple"),), {}).uv_environment()
    assert "hunter2" not in str(caught.value)


def test_positions_compare_addresses_without_their_users() -> None:
    """And without the slash at their end."""
    indexes = Indexes((private(OTHER), private("https://aws@packages.acme.example/simple/")), {})
    assert [indexes.position(url) for url in (ACME, OTHER, "https://third.acme.example")] == [1, 0, None]
