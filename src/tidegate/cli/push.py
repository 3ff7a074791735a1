"""`tidegate push`: a local image to a registry."""

from __future__ import annotations

import argparse

from tidegate.cli.context import Context
from tidegate.cli.images import IMAGE_HELP, locate
from tidegate.cli.progress import listener, size
from tidegate.distribution.copy import Summary, copy_image
from tidegate.distribution.progress import Outcome
from tidegate.errors import UsageError
from tidegate.release.destinations import parse

HELP = "send an image to a registry"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("image", metavar="IMAGE", help=IMAGE_HELP)
    parser.add_argument("destination", metavar="DEST", help="REGISTRY/REPOSITORY[:TAG]")
    parser.add_argument("--jobs", type=int, default=4, help="blobs on their way at a time (default: 4)")
    parser.add_argument("--insecure", action="store_true", help="allow plain HTTP")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(arguments: argparse.Namespace, context: Context) -> int:
    target = parse(arguments.destination)
    if arguments.jobs < 1:
        raise UsageError("--jobs: at least 1", hint="leave it out for 4")
    located = locate(arguments.image, context, insecure=arguments.insecure)
    repository = context.repository(target.repository, insecure=arguments.insecure)
    with listener(context) as bars:
        summary = copy_image(
            located.store,
            located.reference,
            repository,
            tags=[target.tag] if target.tag else [],
            jobs=arguments.jobs,
            progress=bars.transfer,
            evidence=True,
        )
    context.note(_sentence(summary))
    reference = target.repository.with_digest(summary.descriptor.digest)
    if arguments.json:
        named = target.repository.with_tag(target.tag) if target.tag else reference
        context.json({"verdict": "passed", "digest": summary.descriptor.digest, "references": [str(named)]})
    else:
        context.out(str(reference))
    return 0


def _sentence(summary: Summary) -> str:
    parts = [
        f"{summary.blobs[outcome]} {outcome.value} ({size(summary.sizes[outcome])})"
        for outcome in Outcome
        if summary.blobs[outcome]
    ]
    return f"blobs: {', '.join(parts)}"
