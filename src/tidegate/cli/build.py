"""`tidegate build`: a model folder's image into the local store, and out of it as a layout or archive."""

from __future__ import annotations

import argparse
from pathlib import Path

from tidegate.build.builder import Built
from tidegate.cli.context import Context
from tidegate.cli.progress import listener, size
from tidegate.distribution.copy import copy_image
from tidegate.errors import StorageError, UsageError
from tidegate.oci.archive import write_archive
from tidegate.oci.layout import Layout, replacing
from tidegate.oci.local import LocalStore
from tidegate.project.reader import read_project
from tidegate.release.building import build_folder

HELP = "build a model folder's image into the local store"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", nargs="?", default=".", help="the model's folder (default: this one)")
    parser.add_argument("--output", metavar="oci:PATH|docker-archive:PATH", help="write the image there too")
    parser.add_argument("--locked", action="store_true", help="refuse a missing or stale tidegate.lock")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(arguments: argparse.Namespace, context: Context) -> int:
    output = _output(arguments.output) if arguments.output else None
    project = read_project(Path(arguments.folder), context.environ)
    with listener(context) as bars:
        built = build_folder(project, context.services(), bars, locked=arguments.locked)
    if output is not None:
        _write(output, context.store(), built, project.config.model.name)
    if arguments.json:
        context.json(_document(built))
    else:
        for line in _lines(built):
            context.note(line)
        context.out(built.descriptor.digest)
    return 0


def _output(text: str) -> tuple[str, Path]:
    kind, colon, path = text.partition(":")
    if not colon or not path or kind not in {"oci", "docker-archive"}:
        raise UsageError(f"--output: {text!r} is neither oci:PATH nor docker-archive:PATH")
    return kind, Path(path)


def _write(output: tuple[str, Path], store: LocalStore, built: Built, name: str) -> None:
    kind, path = output
    if kind == "oci":
        copy_image(store, built.descriptor.digest, Layout(path), tags=["latest"])
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error
    with replacing(path) as stream:
        write_archive(store, built.descriptor.digest, f"{name}:latest", stream.write)


def _lines(built: Built) -> list[str]:
    lines = []
    for one in built.platforms:
        lines.append(f"{one.platform}: {len(one.layers)} layers")
        for new in one.layers:
            state = "unchanged" if new.reused else "new"
            lines.append(f"  {size(new.layer.descriptor.size):>9}  {state:<9}  {new.reason}")
    return lines


def _document(built: Built) -> dict[str, object]:
    return {
        "verdict": "passed",
        "digest": built.descriptor.digest,
        "platforms": [
            {
                "platform": str(one.platform),
                "digest": one.descriptor.digest,
                "layers": [
                    {
                        "digest": new.layer.descriptor.digest,
                        "size": new.layer.descriptor.size,
                        "reason": new.reason,
                        "reused": new.reused,
                    }
                    for new in one.layers
                ],
            }
            for one in built.platforms
        ],
    }
