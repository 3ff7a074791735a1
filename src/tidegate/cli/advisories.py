"""`tidegate advisories`: takes in vulnerability data, or says how old it is."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import datetime

from tidegate.advisories.dump import open_dump, read_records
from tidegate.advisories.osv import FAMILIES
from tidegate.advisories.store import AdvisoryStore, Source
from tidegate.cli.context import Context
from tidegate.project.verdict import Verdict
from tidegate.transport.redaction import redact

HELP = "take in vulnerability data, or say how old it is"


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    update = actions.add_parser("update", help="take in dumps of OSV records")
    update.add_argument(
        "--from",
        dest="places",
        action="append",
        required=True,
        metavar="PATH|URL",
        help="OSV's zip of an ecosystem, or JSON lines, plain, gzip or zstd; may be given several times",
    )
    update.add_argument(
        "--ecosystem", action="append", choices=FAMILIES, help="take in only this ecosystem; may be given twice"
    )
    update.add_argument("--insecure", action="store_true", help="allow plain HTTP")
    status = actions.add_parser("status", help="say what data there is and how old it is")
    for action in (update, status):
        action.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(arguments: argparse.Namespace, context: Context) -> int:
    store = AdvisoryStore(context.home.advisories)
    if arguments.action == "update":
        _update(arguments, context, store)
    sources = store.sources()
    if arguments.json:
        context.json(_document(sources, context.now()))
    else:
        _print(sources, context)
    return 0


def _update(arguments: argparse.Namespace, context: Context, store: AdvisoryStore) -> None:
    transport = context.transport(insecure=arguments.insecure)
    for place in arguments.places:
        with open_dump(place, transport) as stream:
            records = read_records(stream, redact(place))
            store.replace(records, redact(place), context.now(), arguments.ecosystem or FAMILIES)


def _document(sources: Sequence[Source], now: datetime) -> dict[str, object]:
    return {
        "verdict": Verdict.PASSED if sources else Verdict.INCOMPLETE,
        "ecosystems": [
            {
                "ecosystem": source.family,
                "source": source.name,
                "records": source.records,
                "unreadable": source.unreadable,
                "newest": source.newest,
                "updated": source.updated,
                "age_days": round(source.age_from(now) / 86400, 1),
            }
            for source in sources
        ],
    }


def _print(sources: Sequence[Source], context: Context) -> None:
    if not sources:
        context.out("no vulnerability data")
        context.note("  next: tidegate advisories update --from PATH|URL")
    for source in sources:
        age = source.age_from(context.now()) / 86400
        context.out(
            f"{source.family}: {source.records} records, newest of {source.newest:%Y-%m-%d}, {age:.1f} days old; "
            f"taken in {source.updated:%Y-%m-%d %H:%M} UTC from {source.name}"
        )
        if source.unreadable:
            context.note(f"  {source.unreadable} records could not be read and were left out")
