"""The process between Tidegate and a container: it holds the namespaces, opens sockets in them, and cleans up.

Started by `held.py` as `python -m tidegate.runtime.holder FD`, with only the standard library. FD is a
Unix socket over which requests and answers go, one JSON document each; its end means that Tidegate is
gone, and then everything that was started ends too.
"""

from __future__ import annotations

import array
import errno
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tidegate.runtime import linux, sandbox, usage

_MAX_MESSAGE = 1 << 20
# Seconds between two looks at the memory.
_POLL = 0.05
_CONNECT_TIMEOUT = 5.0
_CLEANUP_TIMEOUT = 30.0


class Holder:
    """One container's keeper."""

    def __init__(self, control: socket.socket, plan: dict[str, Any]) -> None:
        self._control = control
        self._plan = plan
        self._pid = 0
        # A process that is not below this one: a container's, started by an engine.
        self._watched = 0
        self._exit: int | None = None
        self._peak = 0
        self._killed = False

    def run(self) -> None:
        """Start what the plan says, then answer requests until the other end closes."""
        try:
            self._set_up()
            pidfds = [os.pidfd_open(self._pid)] if self._pid else []
        except OSError as error:
            self._answer({"error": str(error.strerror or error)})
            return
        self._answer({"started": self._pid}, pidfds)
        self._serve(pidfds)

    def _set_up(self) -> None:
        plan = self._plan
        cgroup = os.open(plan["cgroup"], os.O_WRONLY | os.O_CLOEXEC) if plan.get("cgroup") else -1
        if plan.get("expose"):
            _expose(plan["expose"])
        if plan.get("drop"):
            _drop(*plan["drop"])
        _isolate(plan.get("namespaces", []), plan.get("map"))
        if plan.get("argv") or plan.get("sandbox"):
            self._pid = self._fork(cgroup)
        if cgroup >= 0:
            os.close(cgroup)

    def _fork(self, cgroup: int) -> int:
        read, write = os.pipe2(os.O_CLOEXEC)
        pid = os.fork()
        if pid == 0:
            try:
                self._child(cgroup)
            except OSError as error:
                os.write(write, json.dumps(error.strerror or str(error)).encode())
            finally:
                os._exit(127)
        os.close(write)
        with open(read, "rb") as pipe:
            failure = pipe.read(_MAX_MESSAGE)
        if failure:
            os.waitpid(pid, 0)
            raise OSError(errno.ECHILD, json.loads(failure))
        return pid

    def _child(self, cgroup: int) -> None:
        if cgroup >= 0:
            os.write(cgroup, b"0")
        if self._plan.get("sandbox"):
            sandbox.enter(self._plan["sandbox"])
        linux.die_with_parent(signal.SIGKILL)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        sandbox.execute(self._plan["argv"], self._plan["env"])

    def _serve(self, pidfds: list[int]) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            for pidfd in pidfds:
                selector.register(pidfd, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select(_POLL if self._exit is None and self._pid else None):
                    if key.fileobj is not self._control:
                        self._reap()
                        selector.unregister(key.fileobj)
                    elif not self._request():
                        return
                self._watch_memory()

    def _reap(self) -> None:
        _, status = os.waitpid(self._pid, 0)
        code = os.waitstatus_to_exitcode(status)
        self._exit = 128 - code if code < 0 else code

    def _request(self) -> bool:
        data = self._control.recv(_MAX_MESSAGE)
        if not data:
            return False
        request = json.loads(data)
        if "connect" in request:
            self._connect(request)
        elif "watch" in request:
            self._watched, self._plan["memory_stat"] = request["watch"], request["stat"]
            self._answer({})
        elif "signal" in request:
            self._signal(request["signal"])
            self._answer({})
        else:
            self._watch_memory()
            self._answer({"exit": self._exit, "peak": self._peak, "killed": self._over_limit()})
        return True

    def _connect(self, request: dict[str, Any]) -> None:
        """Answered by a child where namespaces are joined first, as that can't be undone."""
        if "join" not in request:
            self._dial(request["connect"])
            return
        pid = os.fork()
        if pid == 0:
            try:
                _join(request["join"])
                self._dial(request["connect"])
            except OSError as error:
                self._answer({"error": str(error.strerror or error)})
            finally:
                os._exit(0)
        os.waitpid(pid, 0)

    def _dial(self, port: int) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as connection:
            connection.settimeout(_CONNECT_TIMEOUT)
            try:
                connection.connect(("127.0.0.1", port))
            except OSError as error:
                self._answer({"error": error.strerror or str(error)})
                return
            connection.settimeout(None)
            self._answer({}, [connection.fileno()])

    def _signal(self, number: int) -> None:
        """To the container's first process: the started one, or below the program that made the container."""
        if self._exit is None and self._pid:
            below = usage.children(self._pid) if self._plan.get("signal_below") and number != signal.SIGKILL else []
            for pid in below or [self._pid]:
                os.kill(pid, number)

    def _watch_memory(self) -> None:
        if self._exit is not None or not self._pid:
            return
        stat = self._plan.get("memory_stat")
        used = usage.of_cgroup(stat) if stat else usage.of_processes(self._watched or self._pid)
        self._peak = max(self._peak, used)
        limit = self._plan.get("memory_limit")
        if limit is not None and used > limit:
            self._killed = True
            _kill_tree(self._watched or self._pid)

    def _over_limit(self) -> bool:
        events = self._plan.get("memory_events")
        return self._killed or bool(events and usage.kills(events))

    def _answer(self, message: dict[str, Any], fds: list[int] | None = None) -> None:
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        try:
            self._control.sendmsg([json.dumps(message).encode()], rights)
        except OSError:
            # The other end is gone; the next read says so.
            return


def _join(spaces: list[list[str]]) -> None:
    """Enter namespaces, passing over those that this process is in already."""
    for path, name in spaces:
        if Path(path).stat().st_ino != Path(f"/proc/self/ns/{name}").stat().st_ino:
            linux.setns(path, name)


def _expose(plan: dict[str, Any]) -> None:
    """Show folders and files where another user can reach them, in a mount namespace of our own."""
    linux.unshare(["mount"])
    linux.mount("none", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
    linux.mount("tmpfs", plan["at"], "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "mode=755")
    for source, name in plan["binds"]:
        target = Path(plan["at"], name)
        if Path(source).is_dir():
            target.mkdir()
        else:
            target.touch()
        linux.bind(source, os.fspath(target), read_only=True)


def _drop(uid: int, gid: int) -> None:
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    linux.stay_visible()


def _isolate(namespaces: list[str], ids: list[int] | None) -> None:
    uid, gid = os.geteuid(), os.getegid()
    if namespaces:
        linux.unshare(namespaces)
    if ids is not None:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{ids[0]} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{ids[1]} {gid} 1")
    if "net" in namespaces:
        linux.loopback_up()
    if "uts" in namespaces:
        socket.sethostname("model")


def clean_up(plan: dict[str, Any]) -> None:
    """End every process below this one, and remove what the plan says."""
    for argv in plan.get("cleanup", []):
        _run(argv, plan.get("cleanup_env", {}))
    while below := usage.descendants(os.getpid())[1:]:
        for pid in below:
            _kill(pid)
        os.waitpid(-1, 0)
    _remove_cgroup(plan.get("cgroup"))
    for path in plan.get("remove", []):
        shutil.rmtree(path, ignore_errors=True)


def _run(argv: list[str], env: dict[str, str]) -> None:
    try:
        subprocess.run(
            argv, check=False, timeout=_CLEANUP_TIMEOUT, capture_output=True, stdin=subprocess.DEVNULL, env=env
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"{argv[0]}: {error}", file=sys.stderr)  # noqa: T201 - stderr is the container's log


def _kill_tree(pid: int) -> None:
    for process in usage.descendants(pid)[::-1]:
        _kill(process)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _remove_cgroup(procs: str | None) -> None:
    if procs is None:
        return
    for _ in range(50):
        try:
            Path(procs).parent.rmdir()
        except OSError as error:
            if error.errno != errno.EBUSY:
                return
            time.sleep(0.02)
        else:
            return


def main() -> None:
    """Read the plan and keep the container, in a child of this process, which cleans up after it."""
    control = socket.socket(fileno=int(sys.argv[1]))
    plan = json.loads(control.recv(_MAX_MESSAGE))
    linux.adopt_orphans()
    pid = os.fork()
    if pid == 0:
        try:
            Holder(control, plan).run()
        finally:
            os._exit(0)
    control.close()
    os.waitpid(pid, 0)
    clean_up(plan)


if __name__ == "__main__":
    main()
