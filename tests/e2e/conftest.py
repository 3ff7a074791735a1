"""Model folders in git repositories, and the `tidegate` program to release them with."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.images import PYTHON, make_image, python_layer
from tests.servers import Server, embedded_registry

from tidegate.oci.layout import Layout

_IDENTITY = {
    "GIT_AUTHOR_NAME": "Test",
    "GIT_AUTHOR_EMAIL": "test@tidegate.example",
    "GIT_COMMITTER_NAME": "Test",
    "GIT_COMMITTER_EMAIL": "test@tidegate.example",
}
_APP = """\
import sys
with open("/models/model.bin", "rb") as file:
    model = file.read()
print(len(model) + int(sys.stdin.read() or 0))
"""
_CONFIG = """\
tidegate: 1
model: {{name: counter, version: 1.0.0}}
build:
  base: {{layout: ../base}}
  code: [app.py]
  env: {{PYTHONHOME: "{home}"}}
  command: ["{python}", "-S", "/app/app.py"]
weights:
  - {{name: main, source: weights/model.bin, path: /models/model.bin}}
test:
  protocol: command
  golden: [{{input: tests/in.txt, expect: tests/out.txt}}]
scan: {{advisories: {{required: false}}}}
tags: ["type=ref,event=branch"]
"""


@dataclass(frozen=True)
class Result:
    """A finished command."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.out)
        return value


@dataclass(frozen=True)
class Model:
    """A model folder that is committed, and a private environment to work on it."""

    folder: Path
    environ: Mapping[str, str]

    def tidegate(self, *arguments: str, **environ: str) -> Result:
        done = subprocess.run(
            [sys.executable, "-m", "tidegate", *arguments],
            cwd=self.folder,
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, env=self.environ, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def commit(self, message: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base image with this machine's Python, as a layout."""
    folder = tmp_path_factory.mktemp("base")
    make_image(Layout(folder), [python_layer()], command=[PYTHON], tag="latest")
    return folder


@pytest.fixture
def model(tmp_path: Path, base: Path, environ: dict[str, str]) -> Model:
    """A committed and locked model without a server: it adds the size of its weights to its input."""
    return make_model(tmp_path, base, environ)


def make_model(place: Path, base: Path, environ: Mapping[str, str]) -> Model:
    """The folder `counter`, with its base beside it."""
    folder = place / "counter"
    for name in ("weights", "tests"):
        (folder / name).mkdir(parents=True)
    (place / "base").symlink_to(base)
    found = Model(folder, {**environ, **_IDENTITY})
    found.write("app.py", _APP)
    found.write("tidegate.yaml", _CONFIG.format(python=PYTHON, home=sys.base_prefix))
    (folder / "weights" / "model.bin").write_bytes(bytes(range(256)) * 40)
    found.write("tests/in.txt", "2")
    found.write("tests/out.txt", "10242")
    found.git("init", "--quiet", "--initial-branch", "main", "--template", "")
    locked = found.tidegate("lock")
    assert locked.code == 0, locked.err
    found.commit("A model")
    return found


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Server]:
    """Our own registry, empty."""
    folder = tmp_path / "registry"
    folder.mkdir()
    with embedded_registry(folder) as server:
        yield server
