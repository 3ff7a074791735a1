"""Plain namespaces and mounts by the kernel's own calls: no program needed."""

from __future__ import annotations

import os

from tidegate.runtime import isolation
from tidegate.runtime.held import HeldContainer
from tidegate.runtime.interface import WRITABLE, WRITABLE_SIZE, Bundle, Container, RunSpec
from tidegate.runtime.probe import attempt

# The mount namespace comes after, in the container's own process.
_NAMESPACES = ["pid", "ipc", "uts"]


class Unshare:
    name = "unshare"

    def probe(self) -> str | None:
        return attempt(self)

    def start(self, bundle: Bundle, spec: RunSpec) -> Container:
        root = os.geteuid() == 0
        namespaces = [*_NAMESPACES, *(["net"] if spec.network == "none" else []), *([] if root else ["user"])]
        limits, method = isolation.limits(bundle, spec)
        view = isolation.direct(bundle)
        sandbox = {
            "kind": "mounts",
            "root": view.root,
            "mounts": view.mounts,
            "writable": WRITABLE,
            "writable_size": WRITABLE_SIZE,
            # A new sysfs takes the ownership of the network namespace.
            "sys": spec.network == "none",
            "workdir": spec.workdir,
            "uid": spec.user.uid,
            "gid": spec.user.gid,
            "groups": root,
            "argv": spec.argv,
            "env": spec.env,
        }
        ids = None if root else [spec.user.uid, spec.user.gid]
        plan = {**limits, "namespaces": namespaces, "map": ids, "sandbox": sandbox}
        return HeldContainer(plan, log=bundle.scratch / "log", stdin=spec.stdin, stdout=spec.stdout, method=method)
