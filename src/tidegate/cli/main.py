"""The entry point: finds the command, runs it, and turns every failure into a line and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

from tidegate import __version__

# Each command is the module of its name; only the one that runs is imported.
COMMANDS = {
    "init": "write a first tidegate.yaml for a model folder",
    "lock": "resolve base, packages and weights to digests in tidegate.lock",
    "build": "build a model folder's image into the local store",
    "run": "start an image's model here, to try it",
    "test": "test that the model in an image really works",
    "scan": "look for vulnerabilities and model files that run code",
    "push": "send an image to a registry",
    "release": "build, scan, test, tag and push, with evidence for each",
    "trace": "from an image to its commit, or from a commit to its image",
    "registry": "serve the embedded registry",
    "advisories": "take in vulnerability data, or say how old it is",
}
_NOBODY_READS = 130


def entry() -> None:
    """The `tidegate` program."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"tidegate {__version__}\n")
        sys.exit(0)
    sys.exit(_run())


def _run() -> int:
    try:
        try:
            return main(sys.argv[1:], os.environ)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # Of the help: its reader is gone, as with `| head`, and there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _NOBODY_READS


def main(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run one command line; the exit code of docs/reference/commands.md."""
    from tidegate.cli.arguments import parse
    from tidegate.errors import UsageError

    try:
        command, arguments = parse(argv, COMMANDS)
    except UsageError as error:
        from tidegate.cli.session import refuse

        return refuse(error, environ, as_json="--json" in argv)
    from tidegate.cli.session import run

    return run(command.run, arguments, environ)


if __name__ == "__main__":
    entry()
