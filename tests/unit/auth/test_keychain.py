"""Where credentials are looked for, and in which order."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from tidegate.auth.credential import Credential
from tidegate.auth.keychain import Keychain
from tidegate.errors import ConfigError, OutsideError

HELPER = """#!/bin/sh
test "$1" = get || exit 9
read -r host
case "$host" in
  r.example) echo '{"ServerURL": "r.example", "Username": "helper", "Secret": "from-helper"}' ;;
  token.example) echo '{"Username": "<token>", "Secret": "identity"}' ;;
  broken.example) echo 'Secret: not-json-s3cret' ;;
  angry.example) echo "the vault is sealed" ; exit 1 ;;
  *) echo "credentials not found in native keychain" ; exit 1 ;;
esac
"""


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder for PATH with one helper in it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "docker-credential-test"
    program.write_text(HELPER)
    program.chmod(0o755)
    return folder


def write(path: Path, document: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))


def auths(username: str, registry: str = "r.example") -> dict[str, object]:
    return {"auths": {registry: {"auth": base64.b64encode(f"{username}:pw".encode()).decode()}}}


def ask(environ: dict[str, str], registry: str = "r.example") -> Credential | None:
    return Keychain(environ).credential(registry, "acme/digits")


def test_sources_are_asked_in_order(tmp_path: Path) -> None:
    """The environment, then containers' files, then Docker's; the first that knows the registry wins."""
    write(tmp_path / "auth.json", auths("first"))
    write(tmp_path / "run/containers/auth.json", auths("second"))
    write(tmp_path / "docker/config.json", auths("third"))
    write(tmp_path / ".docker/config.json", auths("fourth"))
    environ = {
        "TIDEGATE_REGISTRY_HOST": "r.example",
        "TIDEGATE_REGISTRY_USERNAME": "zeroth",
        "TIDEGATE_REGISTRY_PASSWORD": "pw",
        "REGISTRY_AUTH_FILE": str(tmp_path / "auth.json"),
        "XDG_RUNTIME_DIR": str(tmp_path / "run"),
        "DOCKER_CONFIG": str(tmp_path / "docker"),
        "HOME": str(tmp_path),
    }
    found = []
    for removed in ("TIDEGATE_REGISTRY_USERNAME", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "DOCKER_CONFIG", "HOME"):
        credential = ask(environ)
        found.append(credential.username if credential else None)
        del environ[removed]
        environ.pop("TIDEGATE_REGISTRY_PASSWORD", None)
    assert found == ["zeroth", "first", "second", "third", "fourth"]
    assert ask(environ) is None


def test_a_registry_that_the_first_file_does_not_know_is_looked_for_in_the_next(tmp_path: Path) -> None:
    """A missing file is no obstacle either."""
    write(tmp_path / "auth.json", auths("other", "other.example"))
    write(tmp_path / ".docker/config.json", auths("docker"))
    environ = {
        "REGISTRY_AUTH_FILE": str(tmp_path / "auth.json"),
        "XDG_RUNTIME_DIR": str(tmp_path / "nowhere"),
        "HOME": str(tmp_path),
    }
    assert ask(environ) == Credential("docker", "pw")


def test_a_password_in_the_environment_is_for_one_registry() -> None:
    """No other one gets to see it, and without a host nobody does."""
    environ = {"TIDEGATE_REGISTRY_USERNAME": "me", "TIDEGATE_REGISTRY_PASSWORD": "s3cret"}
    with pytest.raises(ConfigError, match="for which registry") as caught:
        ask(environ)
    assert "TIDEGATE_REGISTRY_HOST" in caught.value.hint
    environ["TIDEGATE_REGISTRY_HOST"] = "r.example"
    assert ask(environ) == Credential("me", "s3cret")
    assert ask(environ, "other.example") is None


def test_half_a_login_in_the_environment_is_an_error() -> None:
    """With the name of the missing half."""
    with pytest.raises(ConfigError, match="TIDEGATE_REGISTRY_PASSWORD"):
        ask({"TIDEGATE_REGISTRY_USERNAME": "me", "TIDEGATE_REGISTRY_HOST": "r.example"})


@pytest.mark.parametrize(
    ("registry", "expected"),
    [
        ("r.example", Credential("helper", "from-helper")),
        ("token.example", Credential(identity_token="identity")),
        ("unknown.example", None),
    ],
)
@pytest.mark.parametrize("kind", ["credHelpers", "credsStore"])
def test_helpers_are_asked(tmp_path: Path, tools: Path, kind: str, registry: str, expected: Credential | None) -> None:
    """Both the one for a registry and the one for all; "not found" is no error."""
    write(tmp_path / "config.json", {kind: {registry: "test"} if kind == "credHelpers" else "test"})
    assert ask({"DOCKER_CONFIG": str(tmp_path), "PATH": f"{tools}:/usr/bin:/bin"}, registry) == expected


def test_an_entry_with_content_is_enough_without_the_store(tmp_path: Path) -> None:
    """No program is started then."""
    write(tmp_path / "config.json", {**auths("file"), "credsStore": "missing"})
    assert ask({"DOCKER_CONFIG": str(tmp_path), "PATH": ""}) == Credential("file", "pw")


def test_a_store_that_this_machine_lacks_is_passed_over(tmp_path: Path) -> None:
    """A desktop's file on a CI machine: public images can still be had."""
    write(tmp_path / "config.json", {"credsStore": "desktop"})
    assert ask({"DOCKER_CONFIG": str(tmp_path), "PATH": ""}) is None


def test_a_helper_that_this_machine_lacks_is_an_error(tmp_path: Path) -> None:
    """It was named for this very registry."""
    write(tmp_path / "config.json", {"credHelpers": {"r.example": "ecr-login"}})
    with pytest.raises(ConfigError, match="docker-credential-ecr-login"):
        ask({"DOCKER_CONFIG": str(tmp_path), "PATH": ""})


@pytest.mark.parametrize("registry", ["broken.example", "angry.example"])
def test_a_helper_that_fails_is_an_error(tmp_path: Path, tools: Path, registry: str) -> None:
    """With its own last words, but not with what may be a secret."""
    write(tmp_path / "config.json", {"credHelpers": {registry: "test"}})
    with pytest.raises(OutsideError, match=r"not the JSON|vault is sealed") as caught:
        ask({"DOCKER_CONFIG": str(tmp_path), "PATH": f"{tools}:/usr/bin:/bin"}, registry)
    assert "s3cret" not in str(caught.value)


def test_a_helpers_name_cannot_leave_the_path(tmp_path: Path) -> None:
    """A file can't name just any program."""
    write(tmp_path / "config.json", {"credHelpers": {"r.example": "../../evil"}})
    with pytest.raises(ConfigError, match="not the name"):
        ask({"DOCKER_CONFIG": str(tmp_path), "PATH": "/usr/bin"})


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A folder where a file should be."""
    (tmp_path / "config.json").mkdir()
    with pytest.raises(ConfigError, match=r"config\.json"):
        ask({"DOCKER_CONFIG": str(tmp_path)})


def test_secrets_are_not_in_a_credentials_repr() -> None:
    """It may end up in a log."""
    assert "s3cret" not in repr(Credential("me", "s3cret", "s3cret"))
