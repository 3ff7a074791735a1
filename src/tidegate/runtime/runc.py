"""runc or crun with a bundle of the OCI runtime specification, for root."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from typing import Any

from tidegate.runtime.held import HeldContainer
from tidegate.runtime.interface import DEFAULT_PATH, HOSTNAME, WRITABLE, WRITABLE_SIZE, Bundle, Container, RunSpec
from tidegate.runtime.probe import attempt

_SAFE = ["nosuid", "noexec", "nodev"]
# What docker hides and protects in /proc and /sys.
_MASKED = ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/sched_debug"]
_READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]


class _OciRuntime:
    name: str
    # Options before the command.
    _options: tuple[str, ...] = ()

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._program = shutil.which(self.name, path=f"{environ.get('PATH', '')}:{DEFAULT_PATH}")

    def probe(self) -> str | None:
        if self._program is None:
            return f"{self.name} is not installed"
        return "it takes root" if os.geteuid() != 0 else attempt(self)

    def start(self, bundle: Bundle, spec: RunSpec) -> Container:
        state, identity = bundle.scratch / "state", bundle.scratch.name
        folder = bundle.scratch / "bundle"
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps(configuration(bundle, spec)))
        program = [self._program or self.name, "--root", os.fspath(state), *self._options]
        plan = {
            "namespaces": ["net"] if spec.network == "none" else [],
            "argv": [*program, "run", "--bundle", os.fspath(folder), identity],
            "env": {"PATH": DEFAULT_PATH},
            "signal_below": True,
            "cleanup": [[*program, "delete", "--force", identity]],
            "cleanup_env": {"PATH": DEFAULT_PATH},
            "remove": [os.fspath(bundle.scratch)],
            "memory_limit": spec.memory,
        }
        return HeldContainer(plan, log=bundle.scratch / "log", stdin=spec.stdin, stdout=spec.stdout)


class Runc(_OciRuntime):
    name = "runc"


class Crun(_OciRuntime):
    """Without cgroups, which it can't use on machines that have both versions."""

    name = "crun"
    _options = ("--cgroup-manager=disabled",)


def configuration(bundle: Bundle, spec: RunSpec) -> dict[str, Any]:
    """config.json (OCI runtime-spec 1.0): no network of its own, as the holder has made one."""
    nothing: list[str] = []
    kinds = ("bounding", "effective", "permitted", "inheritable", "ambient")
    return {
        "ociVersion": "1.0.2",
        "process": {
            "terminal": False,
            "user": {"uid": spec.user.uid, "gid": spec.user.gid},
            "args": spec.argv,
            "env": [f"{name}={value}" for name, value in spec.env.items()],
            "cwd": spec.workdir,
            "capabilities": dict.fromkeys(kinds, nothing),
            "noNewPrivileges": True,
        },
        "root": {"path": os.fspath(bundle.root.path), "readonly": True},
        "hostname": HOSTNAME,
        "mounts": _mounts(bundle),
        "linux": {
            "namespaces": [{"type": kind} for kind in ("pid", "ipc", "uts", "mount")],
            "resources": {"devices": [{"allow": False, "access": "rwm"}]},
            "maskedPaths": _MASKED,
            "readonlyPaths": _READ_ONLY,
        },
    }


def _mounts(bundle: Bundle) -> list[dict[str, Any]]:
    tmpfs = ["nosuid", "nodev", "mode=1777", f"size={WRITABLE_SIZE}"]
    return [
        _mount("proc", "/proc", "proc", []),
        _mount("tmpfs", "/dev", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
        _mount("sysfs", "/sys", "sysfs", [*_SAFE, "ro"]),
        *(_mount("tmpfs", folder, "tmpfs", tmpfs) for folder in WRITABLE),
        *(_mount(m.source, m.target, "bind", ["rbind", "ro", "nosuid", "nodev"]) for m in bundle.root.mounts),
    ]


def _mount(source: str, target: str, kind: str, options: list[str]) -> dict[str, Any]:
    return {"destination": target, "type": kind, "source": source, "options": options}
