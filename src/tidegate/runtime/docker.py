"""Docker, by its command line."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping

from tidegate.errors import Error
from tidegate.runtime.attached import AttachedContainer
from tidegate.runtime.engine import Engine
from tidegate.runtime.interface import Bundle, Container, RunSpec
from tidegate.runtime.probe import attempt


class Docker:
    """Root joins the container's network namespace; others use a network without a way out."""

    name = "docker"

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._program = shutil.which("docker", path=environ.get("PATH"))
        self._engine = Engine((self._program or "docker",), environ)

    def probe(self) -> str | None:
        if self._program is None:
            return "docker is not installed"
        try:
            self._engine.call("version", "--format", "{{.Server.Version}}")
        except Error as error:
            return error.message
        return attempt(self)

    def start(self, bundle: Bundle, spec: RunSpec) -> Container:
        if spec.network == "host":
            return self._run(bundle, spec, "host", "host")
        if os.geteuid() == 0:
            return self._run(bundle, spec, "none", "join")
        network = f"{bundle.scratch.name.lower()}-net"
        self._engine.call("network", "create", "--internal", network)
        try:
            return self._run(bundle, spec, network, "address", made=network)
        except BaseException:
            self._engine.call("network", "rm", network)
            raise

    def _run(self, bundle: Bundle, spec: RunSpec, network: str, reach: str, made: str = "") -> Container:
        name = self._engine.create(bundle, spec, ["--network", network])
        return AttachedContainer(self._engine, name, bundle, spec, reach=reach, network=made)
