"""The parts of a holder's plan that bubblewrap and plain namespaces have in common."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from tidegate.runtime import cgroup
from tidegate.runtime.interface import Bundle, RunSpec

# Who a container's root is on this machine, when root starts it where it must be nobody in particular.
_NOBODY = 65534


@dataclass(frozen=True, slots=True)
class View:
    """Where the container's files are seen from, and the part of the plan that makes it so."""

    root: str
    mounts: tuple[tuple[str, str], ...]
    plan: dict[str, Any]


def direct(bundle: Bundle) -> View:
    """The files where they lie."""
    mounts = tuple((mount.source, mount.target) for mount in bundle.root.mounts)
    return View(os.fspath(bundle.root.path), mounts, {})


def as_user(bundle: Bundle, spec: RunSpec) -> View:
    """For root: the files shown where the image's user, whom the holder becomes, can reach them."""
    at = bundle.scratch / "view"
    at.mkdir()
    binds = [(os.fspath(bundle.root.path), "root")]
    binds += [(mount.source, f"weights-{number}") for number, mount in enumerate(bundle.root.mounts)]
    mounts = ((f"{at}/weights-{number}", mount.target) for number, mount in enumerate(bundle.root.mounts))
    plan = {
        "expose": {"at": os.fspath(at), "binds": binds},
        "drop": [spec.user.uid or _NOBODY, spec.user.gid or _NOBODY],
    }
    return View(f"{at}/root", tuple(mounts), plan)


def limits(bundle: Bundle, spec: RunSpec) -> tuple[dict[str, Any], str]:
    """The plan's part for memory and what is removed at the end; and how memory is counted."""
    plan: dict[str, Any] = {"remove": [os.fspath(bundle.scratch)]}
    group = cgroup.create(bundle.scratch.name, spec.memory)
    if group is None:
        return {**plan, "memory_limit": spec.memory}, "polled"
    return {**plan, "cgroup": group.procs, "memory_stat": group.stat, "memory_events": group.events}, "cgroup"
