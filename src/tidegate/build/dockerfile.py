"""A Dockerfile built by docker, podman or buildah, whichever works here; its image goes on as it is."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tidegate.build.base.base import Base
from tidegate.build.compression import compress_layer
from tidegate.build.workspace import Workspace
from tidegate.errors import ConfigError, ContentError, OutsideError, RuntimeUnavailable
from tidegate.oci.archive import Archive
from tidegate.oci.descriptor import Platform
from tidegate.oci.image import Image, Layer, load_image
from tidegate.oci.layout import make_folder

# Asks for one engine by name instead of the first that works.
ENGINE = "TIDEGATE_BUILD_ENGINE"
_ENGINES = ("docker", "podman", "buildah")
_PROBE_TIMEOUT = 20.0
_BUILD_TIMEOUT = 7200.0
_LAST_LINES = 15
_MAX_ERROR = 64 << 10
# What an engine needs of the environment; tokens and passwords of a CI job are not among it.
_PASSED = ("DOCKER_", "CONTAINERS_", "CONTAINER_HOST", "BUILDAH_", "STORAGE_", "REGISTRY_AUTH_FILE", "XDG_", "LC_")
_PASSED_WHOLE = frozenset({"PATH", "HOME", "USER", "TMPDIR", "LANG", "DBUS_SESSION_BUS_ADDRESS"})


@dataclass(frozen=True, slots=True)
class Engine:
    """A program that builds, and the environment that it gets."""

    name: str
    environment: Mapping[str, str]

    def build(self, folder: Path, dockerfile: Path, platform: Platform, identity: Path) -> list[str]:
        """The arguments that build an image and write its identity to a file. No secret is passed."""
        command = [self.name, "build", "--platform", str(platform), "--iidfile", str(identity)]
        return [*command, "--file", str(dockerfile), str(folder)]

    def save(self, identity: str, target: Path) -> list[str]:
        """The arguments that write an image as a docker-archive."""
        if self.name == "buildah":
            return [self.name, "push", identity, f"docker-archive:{target}"]
        extra = ["--format", "docker-archive"] if self.name == "podman" else []
        return [self.name, "save", *extra, "--output", str(target), identity]


def build(folder: Path, file: str, platform: Platform, space: Workspace) -> Base:
    """Build for a platform and take the image into the store, layers compressed but otherwise as they are.

    Raises ConfigError when there is no such file, RuntimeUnavailable without an engine, OutsideError
    with the engine's last lines when it fails.
    """
    dockerfile = folder / file
    if not dockerfile.is_file():
        raise ConfigError(f"build: dockerfile {file}: there is no such file in {folder}")
    engine = find_engine(space.sources.environ)
    make_folder(space.sources.cache)
    space.progress(f"{file} by {engine.name}", 0, 0)
    with tempfile.TemporaryDirectory(dir=space.sources.cache, prefix="engine-") as temporary:
        identity, target = Path(temporary, "id"), Path(temporary, "image.tar")
        run(engine, engine.build(folder, dockerfile, platform, identity), _BUILD_TIMEOUT, f"{file}: the build failed")
        run(engine, engine.save(identity.read_text().strip(), target), _BUILD_TIMEOUT, f"{file}: no image came")
        return _take(Archive(target), file, platform, space)


def find_engine(environ: Mapping[str, str]) -> Engine:
    """The first engine that works here, or the one that TIDEGATE_BUILD_ENGINE names. Raises RuntimeUnavailable."""
    environment = {name: value for name, value in environ.items() if name in _PASSED_WHOLE or name.startswith(_PASSED)}
    chosen = environ.get(ENGINE)
    for name in [chosen] if chosen else _ENGINES:
        engine = Engine(name, environment)
        if name in _ENGINES and shutil.which(name, path=environ.get("PATH")) and _works(engine):
            return engine
    raise RuntimeUnavailable(
        f"no container engine works here to build a Dockerfile: looked for {chosen or ', '.join(_ENGINES)}",
        hint="install buildah or podman, start docker, or write the build in tidegate.yaml instead of a Dockerfile",
    )


def run(engine: Engine, command: Sequence[str], timeout: float, what: str) -> None:
    """Run an engine. Raises OutsideError with its last lines."""
    with tempfile.TemporaryFile() as output:
        try:
            done = subprocess.run(
                command,
                env=dict(engine.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise OutsideError(f"{what}: {engine.name} took longer than {timeout:.0f} s") from None
        except OSError as error:
            raise OutsideError(f"{what}: {engine.name}: {error.strerror}") from error
        if done.returncode:
            size = output.tell()
            output.seek(max(0, size - _MAX_ERROR))
            lines = output.read(_MAX_ERROR).decode("utf-8", "replace").splitlines()[-_LAST_LINES:]
            raise OutsideError(
                "\n".join([f"{what}: {engine.name} ended with {done.returncode}", *(f"  {line}" for line in lines)]),
                hint=f"try it alone: {_shown(command)}",
            )


def _works(engine: Engine) -> bool:
    try:
        run(engine, [engine.name, "info"], _PROBE_TIMEOUT, "probe")
    except OutsideError:
        return False
    return True


def _take(archive: Archive, file: str, platform: Platform, space: Workspace) -> Base:
    entries = {descriptor.digest for descriptor in archive.index().manifests}
    if len(entries) != 1:
        raise ContentError(f"{file}: the engine gave {len(entries)} images, one was expected")
    image = load_image(archive, entries.pop())
    if not platform.runs(image.platform):
        raise ConfigError(
            f"{file}: the engine made an image for {image.platform}, not for {platform}",
            hint="name in build.platforms what the engine can build",
        )
    return Base(image.config, tuple(_layer(image, layer, space) for layer in image.layers))


def _layer(image: Image, layer: Layer, space: Workspace) -> Layer:
    def make() -> Layer:
        with image.open_layer(layer) as stream:
            return compress_layer(space.store, stream)

    made = space.layers.get(("layer", layer.diff_id), "base", make).layer
    if made.diff_id != layer.diff_id:
        raise ContentError(f"{image.digest}: a layer is {made.diff_id}, its configuration says {layer.diff_id}")
    return made


def _shown(command: Sequence[str]) -> str:
    """A command without the option that names a file of ours."""
    at = command.index("--iidfile") if "--iidfile" in command else len(command)
    return " ".join([*command[:at], *command[at + 2 :]])
