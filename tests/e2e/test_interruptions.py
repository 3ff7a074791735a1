"""A release that is stopped at any point: no tag half-moved, nothing left behind, and the next run succeeds."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.conftest import Model
from tests.scripted_registry import Handler, Script, scripted_registry

pytestmark = pytest.mark.needs("git")

SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -signal.SIGKILL}
# Where a release is stopped: the request during which it happens.
PLACES = {
    "before the push": ("GET", "manifests/sha-"),
    "between blobs": ("PUT", "blobs/uploads"),
    "between manifests": ("PUT", "manifests/sha256:"),
}


class Held:
    """A request that is not answered until the test says so."""

    def __init__(self) -> None:
        self.came, self.go_on = threading.Event(), threading.Event()

    def __call__(self, _handler: Handler) -> bool:
        self.came.set()
        self.go_on.wait(60)
        return False


@pytest.fixture
def registry() -> Iterator[Script]:
    """One in this process, which can be made to wait."""
    with scripted_registry() as script:
        yield script


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """Where the program makes its temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


def command(registry: Script) -> list[str]:
    return [sys.executable, "-m", "tidegate", "release", "--to", f"{registry.address}/counter"]


def stop(model: Model, registry: Script, temporary: Path, at: tuple[str, str], number: signal.Signals) -> int:
    """Send a signal while the registry holds a request; the exit code."""
    held = Held()
    registry.fault(*at, held)
    environ = {**model.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen(command(registry), cwd=model.folder, env=environ, stderr=subprocess.DEVNULL) as process:
        assert held.came.wait(60)
        process.send_signal(number)
        # The program may have to wait for the answer: what is not to be torn apart is not.
        threading.Timer(0.2, held.go_on.set).start()
        return process.wait(60)


def tags(registry: Script) -> list[str]:
    return sorted(tag for tag in registry.manifests if ":" not in tag and not tag.startswith("sha256-"))


def assert_released(model: Model, registry: Script, temporary: Path) -> None:
    done = model.tidegate(*command(registry)[3:], TMPDIR=str(temporary))
    assert done.code == 0, done.err
    assert tags(registry) == ["main", f"sha-{model.git('rev-parse', 'HEAD')}"]


@pytest.mark.parametrize(
    ("number", "place"),
    [
        (signal.SIGINT, "between blobs"),
        (signal.SIGTERM, "before the push"),
        (signal.SIGTERM, "between manifests"),
        (signal.SIGKILL, "between blobs"),
    ],
)
def test_a_stopped_push_leaves_no_tag(
    model: Model, registry: Script, temporary: Path, number: signal.Signals, place: str
) -> None:
    """And no temporary files, here or in TIDEGATE_HOME."""
    assert stop(model, registry, temporary, PLACES[place], number) == SIGNALS[number]
    assert tags(registry) == []
    assert list(temporary.iterdir()) == []
    assert list(Path(model.environ["TIDEGATE_HOME"]).rglob(".new-*")) == []
    assert_released(model, registry, temporary)


def test_a_release_that_is_stopped_while_tags_move_moves_them_all(
    model: Model, registry: Script, temporary: Path
) -> None:
    """Then it ends as the signal asked."""
    assert stop(model, registry, temporary, ("PUT", "manifests/main"), signal.SIGTERM) == 143
    assert tags(registry) == ["main", f"sha-{model.git('rev-parse', 'HEAD')}"]
    assert_released(model, registry, temporary)


def test_a_release_that_is_killed_while_tags_move_is_not_taken_for_a_finished_one(
    model: Model, registry: Script, temporary: Path
) -> None:
    """The commit's tag comes last, and the next run sees that it is missing."""
    at = ("PUT", "manifests/sha-")
    assert stop(model, registry, temporary, at, signal.SIGKILL) == -signal.SIGKILL
    assert tags(registry) == ["main"]
    assert_released(model, registry, temporary)
