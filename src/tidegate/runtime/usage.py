"""How much memory processes hold that the kernel can't take back: anonymous and shared, not mapped files."""

from __future__ import annotations

import os
import re

_POLLED = re.compile(rb"^Pss_(?:Anon|Shmem):\s+(\d+) kB$", re.MULTILINE)
# cgroup v2 (anon, shmem) and v1 (total_rss, total_shmem), in bytes
_COUNTED = re.compile(rb"^(?:anon|shmem|total_rss|total_shmem) (\d+)$", re.MULTILINE)
_KILLS = re.compile(rb"^oom_kill (\d+)$", re.MULTILINE)
_MAX_PROCESSES = 4096


def of_cgroup(stat_path: str) -> int:
    """Bytes by a cgroup's memory.stat, 0 when it is gone."""
    return sum(int(value) for value in _COUNTED.findall(_read(stat_path)))


def kills(events_path: str) -> int:
    """How many processes the kernel has ended for a cgroup's limit (memory.events, memory.oom_control)."""
    return sum(int(value) for value in _KILLS.findall(_read(events_path)))


def of_processes(root: int) -> int:
    """Bytes of a process and all its descendants, shared pages counted once (PSS)."""
    return sum(of_process(pid) for pid in descendants(root))


def of_process(pid: int) -> int:
    return 1024 * sum(int(value) for value in _POLLED.findall(_read(f"/proc/{pid}/smaps_rollup")))


def descendants(root: int) -> list[int]:
    """The process and everything below it, parents first."""
    found = [root]
    for pid in found:
        if len(found) > _MAX_PROCESSES:
            break
        found.extend(children(pid))
    return found


def children(pid: int) -> list[int]:
    """The processes that a process started, by any of its threads."""
    try:
        with os.scandir(f"/proc/{pid}/task") as threads:
            return [int(child) for thread in threads for child in _read(f"{thread.path}/children").split()]
    except OSError:
        return []


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(1 << 16)
    except OSError:
        return b""
