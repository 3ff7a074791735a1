"""Podman, by its command line, with root or without."""

from __future__ import annotations

import shutil
from collections.abc import Mapping

from tidegate.runtime.attached import AttachedContainer
from tidegate.runtime.engine import Engine
from tidegate.runtime.interface import DEFAULT_PATH, Bundle, Container, RunSpec
from tidegate.runtime.probe import attempt

# Podman's default raises a limit that not every root may raise; crun fails where both cgroup versions are.
_PLAIN = "[containers]\ndefault_ulimits = []\n"
_WITH_RUNC = _PLAIN + '[engine]\nruntime = "runc"\n'


class Podman:
    """As the user has configured it, or else with settings that work on more machines."""

    name = "podman"

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._program = shutil.which("podman", path=environ.get("PATH"))
        self._environ = environ
        self._settings = ""

    def probe(self) -> str | None:
        if self._program is None:
            return "podman is not installed"
        reason = None
        for self._settings in ("", _PLAIN, _WITH_RUNC):
            reason = attempt(self)
            if reason is None:
                return None
        return reason

    def start(self, bundle: Bundle, spec: RunSpec) -> Container:
        environ = {**self._environ, "PATH": f"{self._environ.get('PATH', '')}:{DEFAULT_PATH}"}
        if self._settings:
            settings = bundle.scratch / "containers.conf"
            settings.write_text(self._settings)
            environ["CONTAINERS_CONF"] = str(settings)
        engine = Engine((self._program or "podman",), environ, tmpfs=",notmpcopyup")
        name = engine.create(bundle, spec, ["--network", spec.network, "--pull=never"])
        reach = "host" if spec.network == "host" else "join"
        return AttachedContainer(engine, name, bundle, spec, reach=reach)
