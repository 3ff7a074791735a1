"""A container kept by a holder process (`holder.py`): Tidegate's end of it."""

from __future__ import annotations

import array
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import tidegate
from tidegate.errors import OutsideError
from tidegate.runtime.interface import DEFAULT_PATH, Memory

_MAX_MESSAGE = 1 << 20
# A plan travels in one message; the kernel's default would refuse large ones.
_BUFFER = 4 << 20
_START_TIMEOUT = 30.0


class HeldContainer:
    """Starts a holder by a plan and talks to it. See `interface.Container`.

    `log` is a file in a private folder that the caller removes. `method` names how memory is counted.
    """

    def __init__(
        self,
        plan: dict[str, Any],
        *,
        log: Path,
        stdin: Path | None = None,
        stdout: Path | None = None,
        method: str = "polled",
        notes: tuple[str, ...] = (),
    ) -> None:
        self.notes = notes
        self._log = log
        self._method = method
        self._memory = Memory(None, method)
        self._exit: int | None = None
        # One question at a time; `tidegate run` asks from several threads.
        self._lock = threading.Lock()
        self._pidfd = -1
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in (self._control, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        with theirs:
            self._process = _spawn(theirs, log, stdin, stdout)
        try:
            self._begin(plan)
        except BaseException:
            self.close()
            raise

    def _begin(self, plan: dict[str, Any]) -> None:
        self._control.settimeout(_START_TIMEOUT)
        answer, fds = self._ask(plan)
        self.pid = int(answer["started"])
        self._pidfd = fds[0] if fds else -1

    def connect(self, port: int, timeout: float) -> socket.socket:
        return self._connection({"connect": port}, timeout)

    def _connection(self, request: dict[str, Any], timeout: float) -> socket.socket:
        try:
            answer, fds = self._ask(request)
        except OutsideError as error:
            raise ConnectionError(error.message) from error
        if not fds:
            raise ConnectionError(str(answer))
        connection = socket.socket(fileno=fds[0])
        connection.settimeout(timeout)
        return connection

    def log(self, limit: int = 16 << 10) -> str:
        try:
            with self._log.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - limit))
                return file.read(limit).decode("utf-8", "replace")
        except FileNotFoundError:
            # The container has been closed, and its folder removed.
            return ""

    def read_log(self, start: int) -> tuple[str, int]:
        with self._log.open("rb") as file:
            file.seek(start)
            data = file.read(_MAX_MESSAGE)
        return data.decode("utf-8", "replace"), start + len(data)

    def wait(self, timeout: float) -> int | None:
        if self._exit is None and self._pidfd >= 0 and select.select([self._pidfd], [], [], max(0.0, timeout))[0]:
            # The holder sees the same event; it answers after it has collected the exit code.
            while self._exit is None:
                self._refresh()
        return self._exit

    def memory(self) -> Memory:
        if self._exit is None:
            self._refresh()
        return self._memory

    def _refresh(self) -> None:
        answer, _ = self._ask({"status": True})
        self._exit = answer["exit"]
        self._memory = Memory(answer["peak"] or None, self._method, bool(answer["killed"]))

    def stop(self, grace: float = 5.0) -> int:
        for number, seconds in ((signal.SIGTERM, grace), (signal.SIGKILL, _START_TIMEOUT)):
            if self.wait(0) is None:
                self._send_signal(int(number))
            code = self.wait(seconds)
            if code is not None:
                return code
        raise OutsideError(f"process {self.pid} of the container does not end, even when killed")

    def _send_signal(self, number: int) -> None:
        self._ask({"signal": number})

    def close(self) -> None:
        self._control.close()
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1
        try:
            self._process.wait(_START_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _exchange(self, request: dict[str, Any]) -> tuple[bytes, list[tuple[int, int, bytes]]]:
        self._control.send(json.dumps(request).encode())
        data, rights, _, _ = self._control.recvmsg(_MAX_MESSAGE, socket.CMSG_SPACE(4), socket.MSG_CMSG_CLOEXEC)
        return data, rights

    def _ask(self, request: dict[str, Any]) -> tuple[dict[str, Any], list[int]]:
        """One request, its answer and the file descriptors that came with it. Raises OutsideError."""
        try:
            with self._lock:
                data, rights = self._exchange(request)
        except OSError as error:
            raise OutsideError(f"the container's keeper does not answer: {error}", hint=self.log(2000)) from error
        if not data:
            raise OutsideError("the container's keeper ended", hint=self.log(2000))
        fds = array.array("i")
        for _, _, part in rights:
            fds.frombytes(part[: len(part) - len(part) % fds.itemsize])
        answer = json.loads(data)
        if "error" in answer:
            raise OutsideError(answer["error"])
        return answer, list(fds)


def _spawn(control: socket.socket, log: Path, stdin: Path | None, stdout: Path | None) -> subprocess.Popen[bytes]:
    package = Path(tidegate.__file__).parent.parent
    with log.open("ab") as errors:
        source: IO[bytes] | int = stdin.open("rb") if stdin else subprocess.DEVNULL
        target: IO[bytes] = stdout.open("wb") if stdout else errors
        try:
            return subprocess.Popen(
                [sys.executable, "-S", "-P", "-m", "tidegate.runtime.holder", str(control.fileno())],
                stdin=source,
                stdout=target,
                stderr=errors,
                env={"PYTHONPATH": os.fspath(package), "PATH": DEFAULT_PATH},
                pass_fds=[control.fileno()],
                # podman's monitor writes a file named oom into the folder where it was started.
                cwd=log.parent,
                start_new_session=True,
            )
        finally:
            if not isinstance(source, int):
                source.close()
            if target is not errors:
                target.close()
