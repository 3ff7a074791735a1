"""`tidegate trace`: from an image to its commit, or from a commit to its image."""

from __future__ import annotations

import argparse
from pathlib import Path

from tidegate.cli.context import Context
from tidegate.cli.images import parse_digest
from tidegate.errors import UsageError, VerificationError
from tidegate.oci.layout import Layout
from tidegate.oci.reference import Reference
from tidegate.oci.store import ContentStore
from tidegate.trace.evidence import KINDS, latest
from tidegate.trace.lookup import COMMIT, Trace, trace_commit, trace_image

_LAYOUT = "oci:"
HELP = "from an image to its commit, or from a commit to its image"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "subject", metavar="REF|COMMIT", help="an image's reference, or a commit: 7 or more of its hex digits"
    )
    parser.add_argument(
        "--in",
        dest="repository",
        metavar="REPOSITORY",
        help="where to look for a tag, a digest or a commit: a repository, or oci:PATH",
    )
    parser.add_argument("--insecure", action="store_true", help="allow plain HTTP")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(arguments: argparse.Namespace, context: Context) -> int:
    found = _trace(arguments, context)
    if arguments.json:
        context.json(found)
    else:
        context.out(describe(found))
    if found.problems:
        raise VerificationError(
            f"{found.digest}: {found.problems[0]}", hint="do not run this image before you know who pushed it"
        )
    return 0


def _trace(arguments: argparse.Namespace, context: Context) -> Trace:
    subject, where = arguments.subject, arguments.repository
    if where is None:
        _need_place(subject)
        reference = Reference.parse(subject)
        store: ContentStore = context.repository(reference, insecure=arguments.insecure)
        return trace_image(store, reference.digest or reference.tag or "latest")
    store = _place(where, context, insecure=arguments.insecure)
    if COMMIT.fullmatch(subject.lower()):
        return trace_commit(store, subject)
    return trace_image(store, parse_digest(subject) if ":" in subject else subject)


def _need_place(subject: str) -> None:
    if COMMIT.fullmatch(subject) or subject.startswith(("sha256:", "sha512:")):
        raise UsageError(f"{subject}: in which repository?", hint=f"tidegate trace {subject} --in REPOSITORY")
    if subject.startswith(_LAYOUT):
        raise UsageError(f"{subject}: which image of it?", hint="tidegate trace TAG|DIGEST|COMMIT --in oci:PATH")


def _place(where: str, context: Context, *, insecure: bool) -> ContentStore:
    if where.startswith(_LAYOUT):
        return Layout.existing(Path(where.removeprefix(_LAYOUT)))
    return context.repository(Reference.parse(where), insecure=insecure)


def describe(trace: Trace) -> str:
    """A trace as lines for a person."""
    lines = [
        ("image", trace.digest),
        ("model", f"{trace.title} {trace.version}".strip()),
        ("commit", (trace.commit or "not known") + (" with changes that were not committed" if trace.dirty else "")),
        ("source", trace.source),
        ("committed", trace.created),
        ("tags", _tags(trace)),
        *_run_lines(trace),
        *_evidence_lines(trace),
        ("missing", ", ".join(trace.missing)),
        *(("PROBLEM", problem) for problem in trace.problems),
        ("verdict", trace.verdict.value),
    ]
    return "\n".join(f"{name:<11} {_printable(value)}" for name, value in lines if value)


def _tags(trace: Trace) -> str:
    more = f" (and {trace.tags_unchecked} tags of the repository were not asked)" if trace.tags_unchecked else ""
    return ", ".join(trace.tags) + more


def _run_lines(trace: Trace) -> list[tuple[str, str]]:
    record, provenance = trace.record, trace.provenance
    lines = [("built by", f"{provenance.builder} from {provenance.dependencies} locked inputs")] if provenance else []
    if record:
        who = " on ".join(part for part in (record.who, record.ci) if part)
        lines += [("branch", record.branch or ""), ("released", record.finished + (f" by {who}" if who else ""))]
        lines += [("run", record.run_url)]
    return lines


def _evidence_lines(trace: Trace) -> list[tuple[str, str]]:
    newest = latest(trace.evidence)
    ordered = [newest[kind] for kind in KINDS.values() if kind in newest]
    lines = [("evidence", f"{item.kind:<11}{item.verdict or 'present':<11}{item.digest}") for item in ordered]
    other = [item for item in trace.evidence if not item.kind]
    return lines + [("evidence", f"{'other':<22}{item.digest} {item.media_type}") for item in other]


def _printable(text: str) -> str:
    """Text from a registry must not steer the terminal."""
    return "".join(char if char.isprintable() else "?" for char in text)
