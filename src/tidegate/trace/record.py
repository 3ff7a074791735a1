"""The release record: what differs from one run to the next, kept as evidence beside the image."""

from __future__ import annotations

import msgspec

from tidegate.oci.digest import Digest
from tidegate.oci.manifest import decode
from tidegate.project.verdict import Verdict

MAX_RECORD = 4 << 20


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a release, how it ended, and how many seconds it took."""

    name: str
    verdict: Verdict
    seconds: float = 0.0
    message: str = ""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A release. Times are RFC 3339 in UTC; `evidence` maps a kind to its document's digest."""

    verdict: Verdict
    digest: Digest
    model: str
    version: str | None = None
    commit: str
    committed: str
    dirty: bool = False
    branch: str | None = None
    git_tags: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()
    not_done: tuple[str, ...] = ()
    evidence: dict[str, Digest] = {}
    who: str = ""
    ci: str = ""
    run_url: str = ""
    pull_request: str | None = None
    started: str
    finished: str
    tool: str


def encode_record(record: Record) -> bytes:
    """The record as JSON, the same bytes for the same record."""
    return msgspec.json.encode(record, order="deterministic", enc_hook=str)


def read_record(data: bytes, where: str) -> Record:
    """Parse an untrusted record; unknown fields are left out. Raises ContentError."""
    return decode(data, Record, where, MAX_RECORD)
