"""bubblewrap inside a network namespace that a holder made: no root and no daemon."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping

from tidegate.runtime import isolation
from tidegate.runtime.held import HeldContainer
from tidegate.runtime.interface import HOSTNAME, WRITABLE, WRITABLE_SIZE, Bundle, Container, RunSpec
from tidegate.runtime.isolation import View
from tidegate.runtime.probe import attempt


class Bubblewrap:
    name = "bubblewrap"

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._program = shutil.which("bwrap", path=environ.get("PATH"))

    def probe(self) -> str | None:
        if self._program is None:
            return "bwrap is not installed"
        return attempt(self)

    def start(self, bundle: Bundle, spec: RunSpec) -> Container:
        view = isolation.as_user(bundle, spec) if os.geteuid() == 0 else isolation.direct(bundle)
        limits, method = isolation.limits(bundle, spec)
        apart = {"namespaces": ["user", "net"], "map": [0, 0]} if spec.network == "none" else {}
        plan = {**view.plan, **limits, **apart, "argv": self._argv(view, spec), "env": {}, "signal_below": True}
        return HeldContainer(plan, log=bundle.scratch / "log", stdin=spec.stdin, stdout=spec.stdout, method=method)

    def _argv(self, view: View, spec: RunSpec) -> list[str]:
        argv = [
            *(self._program or "bwrap", "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts"),
            *("--as-pid-1", "--die-with-parent", "--new-session", "--hostname", HOSTNAME, "--cap-drop", "ALL"),
            *("--uid", str(spec.user.uid), "--gid", str(spec.user.gid)),
            *("--ro-bind", view.root, "/", "--proc", "/proc", "--dev", "/dev", "--ro-bind-try", "/sys", "/sys"),
        ]
        for folder in WRITABLE:
            argv += ["--perms", "1777", "--size", str(WRITABLE_SIZE), "--tmpfs", folder]
        for source, target in view.mounts:
            argv += ["--ro-bind", source, target]
        argv += ["--clearenv"]
        for name, value in spec.env.items():
            argv += ["--setenv", name, value]
        return [*argv, "--chdir", spec.workdir, "--", *spec.argv]
