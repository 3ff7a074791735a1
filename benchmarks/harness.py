"""What the benchmarks share: timed commands with their peak memory, fresh servers, and ratios."""

from __future__ import annotations

import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BLOCK = 1 << 20
TIDEGATE = [sys.executable, "-m", "tidegate"]


@dataclass(frozen=True)
class Run:
    """One finished command: wall seconds, and the largest resident size of its own process in bytes."""

    seconds: float
    peak: int


def run(argv: Sequence[str | Path], *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Run:
    """Run a command to its end, which must be a good one; its output is shown only when it isn't."""
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            [os.fspath(word) for word in argv], cwd=cwd, env=env, stdout=output, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            sys.exit(f"{' '.join(map(str, argv))}: exit {process.returncode}\n{output.read().decode()[-3000:]}")
    return Run(seconds, usage.ru_maxrss * 1024)


def need(*tools: str) -> None:
    """End with 2 when a peer is missing."""
    missing = [tool for tool in tools if not shutil.which(tool)]
    if missing:
        print(f"not found on PATH: {', '.join(missing)}", file=sys.stderr)
        sys.exit(2)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as folder:
        yield Path(folder)


def incompressible(path: Path, size: int) -> None:
    """A file of random bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for offset in range(0, size, BLOCK):
            file.write(os.urandom(min(BLOCK, size - offset)))


@contextmanager
def _serving(argv: Sequence[str], port: int, log: Path, env: Mapping[str, str] | None = None) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(argv, stdout=output, stderr=subprocess.STDOUT, env=env)
        try:
            _wait_for(port, process, log)
            yield
        finally:
            process.terminate()
            process.wait(30)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(200):
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    sys.exit(f"a server did not start:\n{log.read_text()[-2000:]}")


@contextmanager
def docker_registry(folder: Path) -> Iterator[str]:
    """Debian's docker-registry with empty data on a loopback port; yields `host:port`."""
    port = free_port()
    config = folder / "registry.yml"
    folder.mkdir(parents=True, exist_ok=True)
    config.write_text(
        "version: 0.1\nlog: {level: error}\n"
        f"storage: {{filesystem: {{rootdirectory: {folder / 'data'}}}}}\n"
        f"http: {{addr: '127.0.0.1:{port}'}}\n"
    )
    with _serving(["docker-registry", "serve", str(config)], port, folder / "registry.log"):
        yield f"127.0.0.1:{port}"


@contextmanager
def dockerd(folder: Path) -> Iterator[dict[str, str]]:
    """A Docker daemon with empty data; yields the environment that its client needs."""
    folder.mkdir(parents=True, exist_ok=True)
    endpoint = folder / "docker.sock"
    argv = [
        *["dockerd", "--iptables=false", "--bridge=none", f"--host=unix://{endpoint}"],
        *[f"--data-root={folder / 'data'}", f"--exec-root={folder / 'exec'}", f"--pidfile={folder / 'pid'}"],
    ]
    environ = {**os.environ, "DOCKER_HOST": f"unix://{endpoint}", "HOME": str(folder), "DOCKER_BUILDKIT": "0"}
    with (folder / "dockerd.log").open("wb") as log:
        process = subprocess.Popen(argv, stdout=log, stderr=subprocess.STDOUT)
        try:
            for _ in range(300):
                if subprocess.run(["docker", "version"], env=environ, capture_output=True, check=False).returncode == 0:
                    break
                time.sleep(0.1)
            yield environ
        finally:
            process.terminate()
            process.wait(60)


def report(name: str, ours: Sequence[Run], theirs: Sequence[Run], target: float) -> bool:
    """Print medians and the ratio; whether the target (theirs / ours, at least) was met."""
    mine, other = (statistics.median(run.seconds for run in runs) for runs in (ours, theirs))
    ratio = statistics.median(b.seconds / a.seconds for a, b in zip(ours, theirs, strict=True))
    met = ratio >= target
    print(f"{name}: tidegate {mine:.2f} s, peer {other:.2f} s: {ratio:.1f} times (at least {target}): {_word(met)}")
    return met


def report_peak(name: str, runs: Sequence[Run], limit: int) -> bool:
    """Print the largest peak memory in MB (10^6 bytes); whether it is at most `limit` bytes."""
    peak = max(run.peak for run in runs)
    met = peak <= limit
    print(f"{name}: peak memory {peak / 1e6:.0f} MB (at most {limit / 1e6:.0f}): {_word(met)}")
    return met


def _word(met: bool) -> str:
    return "met" if met else "MISSED"
