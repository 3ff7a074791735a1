"""A control group of one's own for a container's memory, where this process may make one."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Group:
    """The files that processes are put into, memory is read from, and kills are counted in."""

    procs: str
    stat: str
    events: str


def create(name: str, limit: int | None) -> Group | None:
    """A memory cgroup below this process's own, with a limit in bytes; None where that isn't permitted."""
    for parent, version in _candidates():
        path = parent / f"tidegate-{name}"
        try:
            path.mkdir()
        except OSError:
            continue
        try:
            _limit(path, version, limit)
        except OSError:
            with contextlib.suppress(OSError):
                path.rmdir()
            continue
        events = "memory.events" if version == 2 else "memory.oom_control"
        return Group(*(os.fspath(path / file) for file in ("cgroup.procs", "memory.stat", events)))
    return None


def _limit(path: Path, version: int, limit: int | None) -> None:
    """Raises OSError when the group doesn't count memory."""
    (path / "memory.stat").read_bytes()
    if limit is None:
        return
    (path / ("memory.max" if version == 2 else "memory.limit_in_bytes")).write_text(str(limit))
    # Without this, a model over its limit would go to swap instead. Absent where swap isn't counted.
    with contextlib.suppress(OSError):
        swap = "0" if version == 2 else str(limit)
        (path / ("memory.swap.max" if version == 2 else "memory.memsw.limit_in_bytes")).write_text(swap)


def _candidates() -> Iterator[tuple[Path, int]]:
    """Where a group could be made, and the cgroup version there (cgroups(7), /proc/self/cgroup)."""
    try:
        own = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines()]
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    except OSError:
        return
    for _, controllers, path in own:
        kind = "cgroup2" if not controllers else "cgroup"
        if kind == "cgroup" and "memory" not in controllers.split(","):
            continue
        for mount in mounts:
            before, _, after = mount.partition(" - ")
            fields, options = before.split(), after.split()
            if options[0] != kind or (kind == "cgroup" and "memory" not in options[2].split(",")):
                continue
            base = Path(fields[4])
            yield base / path.lstrip("/"), 2 if kind == "cgroup2" else 1
            yield base, 2 if kind == "cgroup2" else 1
