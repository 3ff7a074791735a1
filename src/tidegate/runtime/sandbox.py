"""From a forked process to the container's: mounts, a new root, no privileges, exec."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from tidegate.runtime import linux

_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_STREAMS = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"}
# What a process with uid 0 could otherwise write to, though it has no capability.
_HOST_CONTROLS = ("/proc/sys", "/proc/irq", "/proc/bus", "/proc/sysrq-trigger")


def enter(plan: dict[str, Any]) -> None:
    """Become the container's process by a sandbox plan. Returns never; raises OSError before the exec."""
    if plan["kind"] == "chroot":
        os.chdir(plan["root"])
        os.chroot(".")
    else:
        _mounts(plan)
        linux.pivot_root(plan["root"])
    os.umask(0o022)
    try:
        os.chdir(plan["workdir"])
    except OSError as error:
        _give_up(f"the working directory {plan['workdir']}: {error.strerror}")
    linux.become(plan["uid"], plan["gid"], groups=plan["groups"])
    linux.die_with_parent(signal.SIGKILL)
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    execute(plan["argv"], plan["env"])


def execute(argv: list[str], env: dict[str, str]) -> None:
    """Become the program; where it can't be run, end with 127 as a shell does, the reason in the log."""
    try:
        os.execvpe(argv[0], argv, env)  # noqa: S606 - it is the container's own command
    except OSError as error:
        _give_up(f"{argv[0]}: {error.strerror}")


def _give_up(reason: str) -> None:
    os.write(2, f"{reason}\n".encode())
    os._exit(127)


def _mounts(plan: dict[str, Any]) -> None:
    root = plan["root"]
    # Here and not in the holder: it must keep seeing the machine's files.
    linux.unshare(["mount"])
    linux.mount("none", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
    linux.bind(root, root, read_only=False)
    for source, target in plan["mounts"]:
        linux.bind(source, root + target, read_only=True)
    _devices(f"{root}/dev")
    for folder in plan["writable"]:
        path = Path(root + folder)
        if folder.startswith("/dev/"):
            path.mkdir()
        _tmpfs(os.fspath(path), f"mode=1777,size={plan['writable_size']}")
    flags = linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC
    linux.mount("proc", f"{root}/proc", "proc", flags)
    if plan["sys"]:
        linux.mount("sysfs", f"{root}/sys", "sysfs", flags | linux.MS_RDONLY)
    for control in _HOST_CONTROLS:
        if Path(root + control).exists():
            linux.bind(root + control, root + control, read_only=True)
    linux.make_read_only(root)


def _devices(folder: str) -> None:
    _tmpfs(folder, "mode=755,size=65536")
    for name in _DEVICES:
        if Path("/dev", name).exists():
            Path(folder, name).touch()
            linux.bind(f"/dev/{name}", f"{folder}/{name}", read_only=False)
    for name, target in _STREAMS.items():
        Path(folder, name).symlink_to(target)


def _tmpfs(path: str, data: str) -> None:
    linux.mount("tmpfs", path, "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, data)
