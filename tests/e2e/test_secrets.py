"""Secrets are used and nowhere seen: not in output, reports, layers, evidence, or the arguments of any process."""

from __future__ import annotations

import base64
import contextlib
import json
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tests.e2e.conftest import Model
from tests.scripted_registry import Handler, Script, scripted_registry

pytestmark = pytest.mark.needs("git")

PASSWORD = "hunter2-0f-th3-t1d3"
# Another one, as it is in the arguments of the tests' own commands.
TYPED = "hunter3-0f-th3-t1d3"
LOGIN = base64.b64encode(f"ci:{PASSWORD}".encode()).decode()


@pytest.fixture
def registry() -> Iterator[Script]:
    """One that wants the login."""
    with scripted_registry() as script:
        script.authorize = authorize
        yield script


def authorize(handler: Handler) -> bool:
    return handler.headers.get("Authorization") == f"Basic {LOGIN}" or not handler.refuse(
        401, "UNAUTHORIZED", WWW_Authenticate='Basic realm="registry"'
    )


def from_file(model: Model, registry: Script) -> Mapping[str, str]:
    folder = model.folder.parent / "docker"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"auths": {registry.address: {"auth": LOGIN}}}))
    return {"DOCKER_CONFIG": str(folder)}


def from_environment(_model: Model, registry: Script) -> Mapping[str, str]:
    return {
        "TIDEGATE_REGISTRY_HOST": registry.address,
        "TIDEGATE_REGISTRY_USERNAME": "ci",
        "TIDEGATE_REGISTRY_PASSWORD": PASSWORD,
    }


@contextlib.contextmanager
def watched() -> Iterator[list[str]]:
    """Command lines with the password in them, of any process while the block runs."""
    found: list[str] = []
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.01):
            found.extend(line for line in command_lines() if PASSWORD in line or LOGIN in line)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()


def command_lines() -> Iterator[str]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            yield path.read_bytes().decode(errors="replace")


@pytest.mark.parametrize("login", [from_file, from_environment])
def test_a_registry_s_password_is_used_and_not_seen(model: Model, registry: Script, login: object) -> None:
    """The release goes out with it; grep finds it nowhere."""
    assert callable(login)
    environ = login(model, registry)
    with watched() as found:
        done = model.tidegate("release", "--to", f"{registry.address}/counter", "--json", TIDEGATE_DEBUG="1", **environ)
    assert done.code == 0, done.err
    assert found == []
    stored = b"".join([*registry.blobs.values(), *(data for _, data in registry.manifests.values())])
    assert PASSWORD not in done.out + done.err
    assert PASSWORD.encode() not in stored
    assert LOGIN.encode() not in stored
    assert kept(model) == []


def kept(model: Model) -> list[Path]:
    """Files of the model and of Tidegate's own folders with a password in them."""
    secrets = [text.encode() for text in (PASSWORD, LOGIN, TYPED)]
    files = [path for place in (model.folder, Path(model.environ["TIDEGATE_HOME"])) for path in place.rglob("*")]
    return [path for path in files if path.is_file() and any(map(path.read_bytes().__contains__, secrets))]


ADDRESS = f"https://ci:{TYPED}@127.0.0.1:1/x"


@pytest.mark.parametrize(
    "arguments",
    [
        ("release", "--json", "--to", ADDRESS),
        ("push", "--json", ".", ADDRESS),
        ("push", ".", ADDRESS.removeprefix("https://")),
        ("scan", "--json", ADDRESS),
        ("trace", "--json", ADDRESS),
        ("build", "--output", ADDRESS),
    ],
    ids=" ".join,
)
def test_a_login_in_an_address_is_not_repeated(model: Model, arguments: tuple[str, ...]) -> None:
    """Neither on stderr nor in the document that is kept as a build's artifact."""
    done = model.tidegate(*arguments, TIDEGATE_DEBUG="1")
    assert done.code == 2
    assert TYPED not in done.out + done.err
    assert kept(model) == []


def test_a_login_in_the_configuration_is_not_reported(model: Model) -> None:
    """A destination with a login is refused; the report is shown to many."""
    text = (model.folder / "tidegate.yaml").read_text()
    model.write("tidegate.yaml", f"{text}push: [{{to: '{ADDRESS}'}}]\n")
    model.commit("Push with a login")
    done = model.tidegate("release", "--json")
    assert done.code == 2
    assert TYPED not in done.out + done.err
    report = "".join(path.read_text() for path in (model.folder / "tidegate-report").iterdir())
    assert TYPED not in report
