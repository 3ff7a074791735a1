"""Choosing the way to run an image: the first that really works here."""

from __future__ import annotations

from collections.abc import Mapping

from tidegate.errors import RuntimeUnavailable, UsageError
from tidegate.runtime.bubblewrap import Bubblewrap
from tidegate.runtime.chroot import Chroot
from tidegate.runtime.docker import Docker
from tidegate.runtime.interface import Runtime
from tidegate.runtime.podman import Podman
from tidegate.runtime.runc import Crun, Runc
from tidegate.runtime.unshare import Unshare

VARIABLE = "TIDEGATE_RUNTIME"


def runtimes(environ: Mapping[str, str]) -> tuple[Runtime, ...]:
    """All ways, in the order in which they are tried."""
    return (
        Docker(environ),
        Podman(environ),
        Runc(environ),
        Crun(environ),
        Bubblewrap(environ),
        Unshare(),
        Chroot(),
    )


def select(environ: Mapping[str, str], name: str | None = None) -> Runtime:
    """The named runtime, or the one that TIDEGATE_RUNTIME names, or the first whose probe works.

    Raises UsageError for an unknown name, RuntimeUnavailable with every reason when none works.
    """
    known = runtimes(environ)
    asked = name or environ.get(VARIABLE)
    if asked:
        known = tuple(runtime for runtime in known if runtime.name == asked)
        if not known:
            names = ", ".join(runtime.name for runtime in runtimes(environ))
            raise UsageError(f"{asked!r} is not a way to run an image", hint=f"there are: {names}")
    reasons = []
    for runtime in known:
        reason = runtime.probe()
        if reason is None:
            return runtime
        reasons.append(f"{runtime.name}: {reason}")
    raise RuntimeUnavailable(
        "no way to run a container here: " + "; ".join(reasons),
        hint="install bubblewrap or podman, or start docker",
    )
