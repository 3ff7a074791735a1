"""Starting an image's containers: what its configuration says, and what a caller overrides."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tidegate.errors import ContentError, StorageError
from tidegate.oci.image import Image
from tidegate.runtime import users
from tidegate.runtime.interface import DEFAULT_PATH, HOSTNAME, Bundle, Container, Network, RunSpec, Runtime
from tidegate.runtime.ports import require_free
from tidegate.runtime.rootfs import Root, Unpacker


@dataclass(frozen=True, slots=True)
class Launcher:
    """Starts containers of one image by one runtime.

    `cache` is the folder where unpacked images stay. `memory` is a limit in bytes.
    `command` replaces the image's entrypoint and command, `env` adds to its environment.
    """

    image: Image
    runtime: Runtime
    cache: Path
    network: Network = "none"
    memory: int | None = None
    port: int | None = None
    command: tuple[str, ...] = ()
    env: Mapping[str, str] | None = None

    @property
    def name(self) -> str:
        """The runtime's name."""
        return self.runtime.name

    @contextmanager
    def start(self, *, stdin: Path | None = None, stdout: Path | None = None) -> Iterator[Container]:
        """A running container, ended when the block ends.

        The weights are compared before and after. Raises OutsideError, ContentError, SourceChanged.
        """
        root = Unpacker(self.cache, owners=os.geteuid() == 0).unpack(self.image)
        root.check()
        spec = self._spec(root, stdin, stdout)
        if spec.network == "host" and spec.port is not None:
            require_free(spec.port)
        _require_readable(root, spec)
        with tempfile.TemporaryDirectory(prefix="tidegate-run-", ignore_cleanup_errors=True) as scratch:
            Path(scratch).chmod(0o711)
            with self.runtime.start(Bundle(self.image, root, Path(scratch)), spec) as started:
                yield started
        root.check()

    def exposed_port(self) -> int | None:
        """The port asked for, or the first TCP port that the image exposes."""
        if self.port is not None:
            return self.port
        names = self.image.config.config.exposed_ports
        ports = [int(number) for number, _, kind in (n.partition("/") for n in names) if kind in {"", "tcp"}]
        return ports[0] if ports else None

    def _spec(self, root: Root, stdin: Path | None, stdout: Path | None) -> RunSpec:
        execution = self.image.config.config
        argv = self.command or (*(execution.entrypoint or ()), *(execution.cmd or ()))
        if not argv:
            raise ContentError(
                f"image {self.image.digest}: it has neither an entrypoint nor a command",
                hint="set `build.command` in tidegate.yaml",
            )
        user, home = users.resolve(root.path, execution.user)
        env = {"PATH": DEFAULT_PATH, "HOME": home, "HOSTNAME": HOSTNAME}
        env |= dict(pair.split("=", 1) for pair in execution.env if "=" in pair)
        return RunSpec(
            argv=argv,
            env=env | dict(self.env or {}),
            workdir=execution.working_dir or "/",
            user=user,
            network=self.network,
            port=self.exposed_port(),
            memory=self.memory,
            stdin=stdin,
            stdout=stdout,
        )


def _require_readable(root: Root, spec: RunSpec) -> None:
    """As root the model runs as another user, who must be able to read weights that stay where they lie."""
    for mount in root.mounts if os.geteuid() == 0 else ():
        status = Path(mount.source).stat()
        if status.st_uid != spec.user.uid and not status.st_mode & 0o004 and spec.user.uid != 0:
            raise StorageError(
                f"{mount.source}: the image's user {spec.user.uid} may not read it",
                hint=f"run: chmod o+r {mount.source}",
            )
