"""Every way of running an image that works on this machine, held to the same promises."""

from __future__ import annotations

import contextlib
import http.client
import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.integration.runtime.conftest import NAMES, PORT, parse

from tidegate.errors import OutsideError, RuntimeUnavailable
from tidegate.oci.image import Image
from tidegate.runtime.interface import Container, Runtime
from tidegate.runtime.launch import Launcher
from tidegate.runtime.select import select as choose

_MAIN = "/app/main.py"


def ask(container: Container, path: str = "/", tries: int = 500) -> dict[str, object]:
    """The model's answer, once it listens."""
    for _ in range(tries):
        try:
            connection = http.client.HTTPConnection("localhost")
            connection.sock = container.connect(PORT, 30)
        except ConnectionError:
            assert container.wait(0.02) is None, container.log()
            continue
        with contextlib.closing(connection):
            connection.request("GET", path)
            return parse(connection.getresponse().read())
    raise AssertionError(container.log())


def starter(image: Image, runtime: Runtime, folder: Path, mode: str = "serve", **options: object) -> Launcher:
    """A launcher of the image's program in one of its modes."""
    command = (*(image.config.config.cmd or ()), mode)
    return Launcher(image, runtime, folder / "rootfs", command=command, **options)  # type: ignore[arg-type]


def test_promises(image: Image, runtime: Runtime, workplace: Path) -> None:
    """The model runs as its user, in its folder, without privileges, on a read-only root with its weights."""
    with starter(image, runtime, workplace, env={"COLOUR": "blue"}).start() as container:
        facts = ask(container)
    expected = {"uid": 65532, "gid": 65532, "workdir": "/app", "weights": "weights!", "null": "done"}
    expected |= {"localhost": "127.0.0.1", "home": "/home/model", "colour": "blue"}
    assert {key: facts[key] for key in expected} == expected
    assert facts["writable"] == ["done"] * 4
    assert facts["root"] != "done"
    assert facts["weights_write"] != "done"
    assert facts["capabilities"] in {"0000000000000000", ""}
    assert runtime.name == "chroot" or facts["pid"] == 1


def test_no_network(image: Image, runtime: Runtime, workplace: Path) -> None:
    """Nothing outside can be reached, not even this machine's loopback; a runtime that can't hold this says so."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        env = {"OUTSIDE": str(listener.getsockname()[1])}
        with starter(image, runtime, workplace, env=env).start() as container:
            facts = ask(container)
    if any("network not isolated" in note for note in container.notes):
        assert facts["outside"] == "done"
    else:
        assert facts["outside"] == "ConnectionRefusedError"
        assert os.geteuid() != 0 or facts["interfaces"] == ["lo"]


def test_host_network(image: Image, quick_runtime: Runtime, workplace: Path) -> None:
    """With `network: host` the model reaches what this machine reaches, and is reached."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        env = {"OUTSIDE": str(listener.getsockname()[1])}
        with starter(image, quick_runtime, workplace, env=env, network="host").start() as container:
            assert ask(container)["outside"] == "done"


def test_host_network_port_taken(image: Image, quick_runtime: Runtime, workplace: Path) -> None:
    """A port that something else answers on is refused: its answers would be taken for the model's."""
    with (
        socket.create_server(("127.0.0.1", PORT)),
        pytest.raises(OutsideError, match=f"port {PORT} of this machine is in use"),
        starter(image, quick_runtime, workplace, network="host").start(),
    ):
        pass


def test_terminate(image: Image, runtime: Runtime, workplace: Path) -> None:
    """SIGTERM reaches the model's own process, which ends as it likes."""
    with starter(image, runtime, workplace).start() as container:
        ask(container)
        assert container.stop(grace=20) == 7
        assert "terminated as asked" in container.log()


def test_streams(image: Image, runtime: Runtime, workplace: Path, tmp_path: Path) -> None:
    """A command gets its input, and its output goes to a file of its own."""
    given, answer = tmp_path / "in", tmp_path / "out"
    given.write_text("tide\n" * 50_000)
    with starter(image, runtime, workplace, "copy").start(stdin=given, stdout=answer) as container:
        assert container.wait(30) == 0
    assert answer.read_text() == "TIDE\n" * 50_000


def test_failure(image: Image, quick_runtime: Runtime, workplace: Path) -> None:
    """A model that ends badly gives its exit code and its last words."""
    with starter(image, quick_runtime, workplace, "fail").start() as container:
        assert container.wait(30) == 1
        assert "no such thing as a free lunch" in container.log()


def test_missing_program(image: Image, quick_runtime: Runtime, workplace: Path) -> None:
    """A command that the image doesn't have is named, and nothing is left running."""
    launcher = Launcher(image, quick_runtime, workplace / "rootfs", command=("/usr/bin/absent-server",))
    with launcher.start() as container:
        assert container.wait(30) not in {0, None}
        assert "absent-server" in container.log()


def test_memory(image: Image, quick_runtime: Runtime, workplace: Path) -> None:
    """Peak memory is what the model's process used, whoever counted it."""
    with starter(image, quick_runtime, workplace, memory=2_000_000_000).start() as container:
        ask(container, "/grow")
        container.wait(0.2)
        used = container.memory()
    assert used.peak is not None
    assert 300_000_000 < used.peak < 900_000_000
    assert used.method in {"cgroup", "polled"}
    assert not used.killed


def test_memory_limit(image: Image, runtime: Runtime, workplace: Path) -> None:
    """A model that takes more than its limit is ended, and that is why."""
    with starter(image, runtime, workplace, memory=150_000_000).start() as container:
        ask(container)
        with pytest.raises((http.client.HTTPException, OSError)):
            ask(container, "/grow")
        assert container.wait(20) == 128 + signal.SIGKILL
        assert container.memory().killed


def test_killed_parent(
    image: Image, runtime: Runtime, workplace: Path, tmp_path: Path, engine_environ: dict[str, str]
) -> None:
    """When Tidegate is killed, the model ends and nothing is left in the temporary folder."""
    script = tmp_path / "start.py"
    script.write_text(_SCRIPT)
    temporary = workplace / f"tmp-{runtime.name}"
    temporary.mkdir(mode=0o755)
    arguments = [str(image.store.path), str(image.digest), str(workplace / "rootfs"), runtime.name]  # type: ignore[attr-defined]
    process = subprocess.Popen(
        [sys.executable, str(script), *arguments],
        env={**engine_environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        pid, holder = map(int, process.stdout.readline().split())
        watched = [os.pidfd_open(pid), os.pidfd_open(holder)]
        process.kill()
    for fd in watched:
        assert select.select([fd], [], [], 30)[0]
        os.close(fd)
    assert list(temporary.iterdir()) == []


_SCRIPT = """
import os, sys
from pathlib import Path
from tidegate.oci.digest import Digest
from tidegate.oci.image import load_image
from tidegate.oci.local import LocalStore
from tidegate.runtime.launch import Launcher
from tidegate.runtime.select import select

image = load_image(LocalStore(Path(sys.argv[1])), Digest(sys.argv[2]))
launcher = Launcher(image, select(os.environ, sys.argv[4]), Path(sys.argv[3]))
with launcher.start() as container:
    while "serving" not in container.log():
        assert container.wait(0.02) is None, container.log()
    print(container.pid, container._process.pid, flush=True)
    container.wait(60)
"""


def test_nothing_left(image: Image, quick_runtime: Runtime, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error in the middle of a run ends the model and removes what it left."""
    temporary = workplace / f"left-{quick_runtime.name}"
    temporary.mkdir(mode=0o755)
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    with pytest.raises(KeyboardInterrupt):
        _interrupted(starter(image, quick_runtime, workplace))
    assert list(temporary.iterdir()) == []


def _interrupted(launcher: Launcher) -> None:
    with launcher.start() as container:
        ask(container)
        raise KeyboardInterrupt


def test_some_runtime_works(probed: dict[str, tuple[Runtime, str | None]]) -> None:
    """This machine has a way to run an image, without root too."""
    assert set(probed) == set(NAMES)
    assert any(reason is None for _, reason in probed.values()), probed


def test_unavailable() -> None:
    """Where no way works, every one is named with its reason."""
    with pytest.raises(RuntimeUnavailable, match=r"docker: .*not installed"):
        choose({"PATH": "/nonexistent"}, "docker")
