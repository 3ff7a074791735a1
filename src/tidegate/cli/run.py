"""`tidegate run`: start an image's model here, to try it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from tidegate.cli.context import Context
from tidegate.cli.images import IMAGE_HELP, locate, project_of
from tidegate.errors import OutsideError, UsageError
from tidegate.oci.image import load_image
from tidegate.runtime.forward import Forwarder
from tidegate.runtime.interface import Container
from tidegate.runtime.launch import Launcher
from tidegate.runtime.select import select

HELP = "start an image's model here, to try it"
_STEP = 0.2


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("image", metavar="IMAGE", help=IMAGE_HELP)
    parser.add_argument("--port", type=int, default=0, help="this machine's port to listen on (default: a free one)")
    parser.add_argument("--network", choices=["none", "host"], help="what the model may reach (default: as tested)")
    parser.add_argument("--config", metavar="DIR", help="the model folder with its tidegate.yaml")
    parser.add_argument("--runtime", metavar="NAME", help="docker, podman, runc, crun, bubblewrap, unshare or chroot")
    parser.add_argument("--insecure", action="store_true", help="allow plain HTTP to the registry")


def run(arguments: argparse.Namespace, context: Context) -> int:
    launcher = _launcher(arguments, context)
    context.note(f"starting by {launcher.name}; end it with Ctrl-C")
    with launcher.start() as container, _address(arguments.port, launcher, container) as address:
        if address:
            context.out(address)
        code = _follow(container, context)
        if code not in {0, None}:
            raise OutsideError(f"the model ended with exit code {code}", hint="its own last words are above")
    return 0


def _launcher(arguments: argparse.Namespace, context: Context) -> Launcher:
    if not 0 <= arguments.port <= 65535:
        raise UsageError(f"--port: {arguments.port} is not a port")
    located = locate(arguments.image, context, insecure=arguments.insecure)
    project = project_of(located, arguments.config, context)
    machine = context.services().machine
    image = load_image(located.store, located.reference, machine)
    if not machine.runs(image.platform):
        raise OutsideError(f"an image for {image.platform} can't run on this {machine} machine")
    return Launcher(
        image,
        select(context.environ, arguments.runtime),
        context.home.roots,
        network=arguments.network or (project.config.test.network if project else "none"),
    )


@contextmanager
def _address(port: int, launcher: Launcher, container: Container) -> Iterator[str]:
    """A loopback address that leads to the model; empty when its image exposes no port."""
    inside = launcher.exposed_port()
    if inside is None:
        yield ""
        return
    with Forwarder(port, lambda: container.connect(inside, 60.0)) as forwarder:
        yield f"http://127.0.0.1:{forwarder.port}"


def _follow(container: Container, context: Context) -> int | None:
    """Show what the model writes until it ends."""
    shown = 0
    while True:
        code = container.wait(_STEP)
        shown = _show(container, shown, context)
        if code is not None:
            return code


def _show(container: Container, shown: int, context: Context) -> int:
    text, end = container.read_log(shown)
    if text:
        context.note(text.rstrip("\n"))
    return end
