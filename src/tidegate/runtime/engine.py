"""docker and podman: the unpacked image bound read-only into a container of an empty one.

Nothing is loaded into the engine but a skeleton of a few kilobytes; the engine must run on this machine,
which the probe finds out.
"""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidegate.errors import OutsideError
from tidegate.runtime.interface import HOSTNAME, WRITABLE, WRITABLE_SIZE, Bundle, RunSpec

_TIMEOUT = 60.0
_MAX_OUTPUT = 1 << 20
# What an engine mounts itself.
_OWN = frozenset({"proc", "sys", "dev", "tmp", "run"})
# Small, and engines change files in it.
_COPIED = "etc"


@dataclass(frozen=True, slots=True)
class Engine:
    """A command line that speaks as docker's does. `environ` is all its environment, `tmpfs` more options."""

    command: tuple[str, ...]
    environ: Mapping[str, str]
    tmpfs: str = ""

    def call(self, *arguments: str, stdin: bytes | None = None) -> str:
        """Its standard output. Raises OutsideError with its last words."""
        try:
            done = subprocess.run(
                [*self.command, *arguments],
                input=stdin if stdin is not None else b"",
                capture_output=True,
                timeout=_TIMEOUT,
                check=False,
                env=dict(self.environ),
            )
        except subprocess.TimeoutExpired as error:
            raise OutsideError(f"{self.command[0]} {arguments[0]}: no answer within {_TIMEOUT:g} s") from error
        except OSError as error:
            raise OutsideError(f"{self.command[0]}: {error.strerror}") from error
        if done.returncode != 0:
            raise OutsideError(f"{self.command[0]} {arguments[0]}: {_last_line(done.stderr)}")
        return done.stdout[:_MAX_OUTPUT].decode("utf-8", "replace").strip()

    def create(self, bundle: Bundle, spec: RunSpec, options: Sequence[str]) -> str:
        """A container that has not been started; its name, which is also that of its skeleton image."""
        # Temporary names may end in an underscore, which those of images may not.
        name = bundle.scratch.name.lower().replace("_", "x")
        self.call("import", "-", name, stdin=skeleton(bundle.root.path))
        try:
            self.call("create", "--name", name, *options, *_options(bundle, spec, self.tmpfs), name, *spec.argv[1:])
        except BaseException:
            self.call("rmi", "--force", name)
            raise
        return name

    def plan(self, bundle: Bundle, name: str, memory: int | None, networks: Sequence[list[str]]) -> dict[str, Any]:
        """A holder's plan that starts the container, stays attached to it, and removes it at the end."""
        removed = [["kill", name], ["rm", "--force", name], ["rmi", "--force", name], *networks]
        return {
            "argv": [*self.command, "start", "--attach", "--interactive", name],
            "env": dict(self.environ),
            "cleanup": [[*self.command, *arguments] for arguments in removed],
            "cleanup_env": dict(self.environ),
            "remove": [os.fspath(bundle.scratch)],
            "memory_limit": memory,
        }


def skeleton(root: Path) -> bytes:
    """A tar of /etc, and of the root's own symbolic links, files and empty folders, to bind the rest onto."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        if (root / _COPIED).is_dir():
            archive.add(root / _COPIED, _COPIED)
        for path in sorted(root.iterdir()):
            member = tarfile.TarInfo(path.name)
            member.mode = path.lstat().st_mode & 0o7777
            if path.is_symlink():
                member.type, member.linkname = tarfile.SYMTYPE, os.fspath(path.readlink())
            elif path.is_dir():
                member.type = tarfile.DIRTYPE
            if path.name != _COPIED:
                archive.addfile(member)
    return stream.getvalue()


def _options(bundle: Bundle, spec: RunSpec, tmpfs: str) -> list[str]:
    options = [
        *("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--hostname", HOSTNAME),
        *("--user", f"{spec.user.uid}:{spec.user.gid}", "--workdir", spec.workdir, "--interactive"),
        *("--entrypoint", spec.argv[0]),
    ]
    for folder in WRITABLE:
        options += ["--tmpfs", f"{folder}:rw,exec,nosuid,nodev,mode=1777,size={WRITABLE_SIZE}{tmpfs}"]
    for path in sorted(bundle.root.path.iterdir()):
        if path.name not in {*_OWN, _COPIED} and not path.is_symlink():
            options += ["--volume", f"{path}:/{path.name}:ro"]
    for mount in bundle.root.mounts:
        options += ["--volume", f"{mount.source}:{mount.target}:ro"]
    for name, value in spec.env.items():
        options += ["--env", f"{name}={value}"]
    if spec.memory is not None:
        options += ["--memory", str(spec.memory), "--memory-swap", str(spec.memory)]
    return options


def _last_line(data: bytes) -> str:
    lines = data[-4096:].decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "failed without a word"
