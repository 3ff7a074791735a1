"""A changed root and a changed user, nothing more: for root in a CI container that permits no namespaces."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path

from tidegate.errors import OutsideError, StorageError
from tidegate.oci.digest import BLOCK
from tidegate.runtime import isolation
from tidegate.runtime.held import HeldContainer
from tidegate.runtime.interface import WRITABLE, Bundle, Container, RunSpec
from tidegate.runtime.ports import require_free
from tidegate.runtime.probe import attempt
from tidegate.runtime.rootfs import Mount, copy_tree

NOTES = (
    "network not isolated: chroot shares the machine's",
    "processes not isolated: chroot shares the machine's",
    "weights copied, not mounted",
    "root read-only only by file permissions",
)
_DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9)}


class Chroot:
    name = "chroot"

    def probe(self) -> str | None:
        return "it takes root" if os.geteuid() != 0 else attempt(self)

    def start(self, bundle: Bundle, spec: RunSpec) -> Container:
        if spec.user.uid == 0:
            raise OutsideError("the image runs as root, which chroot can't contain", hint="give it a `build.user`")
        if spec.network == "none" and spec.port is not None:
            require_free(spec.port)
        root = bundle.scratch / "root"
        copy_tree(bundle.root.path, root)
        _weights(root, bundle.root.mounts)
        _writable(root)
        sandbox = {
            "kind": "chroot",
            "root": os.fspath(root),
            "workdir": spec.workdir,
            "uid": spec.user.uid,
            "gid": spec.user.gid,
            "groups": True,
            "argv": spec.argv,
            "env": spec.env,
        }
        limits, method = isolation.limits(bundle, spec)
        return HeldContainer(
            {**limits, "sandbox": sandbox},
            log=bundle.scratch / "log",
            stdin=spec.stdin,
            stdout=spec.stdout,
            method=method,
            notes=NOTES,
        )


def _weights(root: Path, mounts: Iterable[Mount]) -> None:
    """Copies, as nothing can be mounted, and a hard link would change the file's ctime."""
    try:
        for mount in mounts:
            with mount.part.open() as source, open(root / mount.target.lstrip("/"), "wb") as copy:
                shutil.copyfileobj(source, copy, BLOCK)
    except OSError as error:
        raise StorageError(f"{root}: copying the weights: {error.strerror}", hint="free some space") from error


def _writable(root: Path) -> None:
    try:
        for folder in WRITABLE:
            path = root / folder.lstrip("/")
            path.mkdir(parents=True, exist_ok=True)
            path.chmod(0o1777)
        for name, (major, minor) in _DEVICES.items():
            path = root / "dev" / name
            path.unlink(missing_ok=True)
            os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(major, minor))
            path.chmod(0o666)
    except OSError as error:
        raise StorageError(f"{root}: {error.strerror}: no device files can be made here") from error
