"""A container of docker or podman, with a holder attached to it."""

from __future__ import annotations

import signal
import socket
from dataclasses import replace
from pathlib import Path

from tidegate.errors import OutsideError
from tidegate.runtime import ports
from tidegate.runtime.engine import Engine
from tidegate.runtime.held import HeldContainer
from tidegate.runtime.interface import Bundle, Memory, RunSpec

_POLLS = 200


class AttachedContainer(HeldContainer):
    """`reach` says how to get to its ports: `join` its network namespace, `host`, or `address` of a private network."""

    def __init__(
        self,
        engine: Engine,
        name: str,
        bundle: Bundle,
        spec: RunSpec,
        *,
        reach: str,
        network: str = "",
    ) -> None:
        self._engine = engine
        self._name = name
        self._reach = reach
        self._limit = spec.memory
        self._signalled = False
        networks = [["network", "rm", network]] if network else []
        super().__init__(
            engine.plan(bundle, name, spec.memory, networks),
            log=bundle.scratch / "log",
            stdin=spec.stdin,
            stdout=spec.stdout,
        )
        try:
            self._follow()
        except BaseException:
            self.close()
            raise

    def _follow(self) -> None:
        """Tell the holder which process to watch, once the engine has started it."""
        self._inner = 0
        for _ in range(_POLLS):
            ended = self.wait(0.02) is not None
            state = self._engine.call("inspect", "--format", "{{.State.Pid}}", self._name)
            self._inner = int(state) if state.isdecimal() else 0
            if self._inner or ended:
                break
        if self._inner:
            identity = self._engine.call("inspect", "--format", "{{.Id}}", self._name)
            stat = _memory_stat(self._inner, identity)
            self._method = "cgroup" if stat else "polled"
            self._ask({"watch": self._inner, "stat": stat})

    def connect(self, port: int, timeout: float) -> socket.socket:
        if self._reach == "host":
            return ports.connect(port, timeout)
        if self._reach == "address":
            return ports.connect(port, timeout, self._address())
        return self._joined(port, timeout)

    def _joined(self, port: int, timeout: float) -> socket.socket:
        spaces = [[f"/proc/{self._inner}/ns/user", "user"], [f"/proc/{self._inner}/ns/net", "net"]]
        return self._connection({"connect": port, "join": spaces}, timeout)

    def _address(self) -> str:
        template = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        return self._engine.call("inspect", "--format", template, self._name)

    def memory(self) -> Memory:
        memory = super().memory()
        code = self.wait(0)
        if self._limit is None or code is None:
            return memory
        killed = self._engine.call("inspect", "--format", "{{.State.OOMKilled}}", self._name) == "true"
        # Podman doesn't always notice; nobody else sends SIGKILL.
        unasked = code == 128 + signal.SIGKILL and not self._signalled
        return replace(memory, killed=memory.killed or killed or unasked)

    def _send_signal(self, number: int) -> None:
        self._signalled = True
        try:
            self._engine.call("kill", "--signal", str(number), self._name)
        except OutsideError:
            if self.wait(0) is None:
                raise


def _memory_stat(pid: int, identity: str) -> str:
    """The memory.stat file of the container's own control group, by version; empty when it has none."""
    try:
        lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    except OSError:
        return ""
    for line in lines:
        _, controllers, path = line.split(":", 2)
        bases = ["/sys/fs/cgroup/memory"] if "memory" in controllers.split(",") else []
        for base in bases or (["/sys/fs/cgroup"] if not controllers else []):
            stat = Path(base + path, "memory.stat")
            if identity in path and stat.is_file():
                return str(stat)
    return ""
