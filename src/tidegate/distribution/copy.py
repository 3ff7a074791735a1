"""Moving an image from one content store to another: blobs, then manifests, then tags."""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from tidegate.distribution.progress import Outcome, Progress, Silent
from tidegate.distribution.remote import RemoteRepository
from tidegate.errors import ContentError
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.digest import Digest
from tidegate.oci.manifest import Index, decode_manifest
from tidegate.oci.ranges import FileRange, take_range
from tidegate.oci.store import ContentStore, Document, Readable, find_manifest
from tidegate.transport.parallel import Cancel, run_all

_MAX_DEPTH = 4
_MAX_MANIFESTS = 10_000
# Layers that may only be fetched from where their publisher keeps them.
_FOREIGN = ("nondistributable", "foreign")


@dataclass(frozen=True, slots=True)
class Summary:
    """What a copy moved: blobs and bytes by outcome."""

    descriptor: Descriptor
    blobs: dict[Outcome, int]
    sizes: dict[Outcome, int]


@dataclass(slots=True)
class _Plan:
    """Documents in the order in which they may be put, and the blobs that must be there before."""

    documents: dict[Digest, Document] = field(default_factory=dict)
    blobs: dict[Digest, Descriptor] = field(default_factory=dict)


@dataclass(slots=True)
class _Tally:
    blobs: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))
    sizes: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, outcome: Outcome, size: int) -> None:
        with self.lock:
            self.blobs[outcome] += 1
            self.sizes[outcome] += size


def copy_image(
    source: ContentStore,
    reference: Digest | str,
    target: ContentStore,
    *,
    tags: Sequence[str] = (),
    jobs: int = 4,
    progress: Progress | None = None,
    evidence: bool = False,
) -> Summary:
    """Copy an image, or an index with all its images; with `evidence` also what refers to them.

    Blobs go `jobs` at a time, the largest first, then manifests by digest. Tags are moved last, and
    only the given ones, so that a copy that fails or is interrupted leaves none. Raises what the
    stores raise.
    """
    progress = progress or Silent()
    plan = _Plan()
    top = source.get_manifest(reference)
    _add(plan, source, top, evidence=evidence, depth=0)
    tally = _send_blobs(plan, source, target, jobs, progress)
    for document in plan.documents.values():
        target.put_manifest(document.data, document.media_type)
    for tag in tags:
        move_tag(target, tag, top)
    return Summary(top.descriptor, tally.blobs, tally.sizes)


def move_tag(target: ContentStore, tag: str, document: Document) -> None:
    """Point a tag to a manifest; nothing is sent when it does already, as immutable tags refuse that too."""
    there = find_manifest(target, tag)
    if there is None or there.digest != document.digest:
        target.put_manifest(document.data, document.media_type, tag)


def _add(plan: _Plan, source: ContentStore, document: Document, *, evidence: bool, depth: int) -> None:
    if document.digest in plan.documents:
        return
    if depth > _MAX_DEPTH or len(plan.documents) >= _MAX_MANIFESTS:
        raise ContentError(f"{document.digest}: more than {_MAX_MANIFESTS} manifests, or nested too deep")
    value = decode_manifest(document.data, document.media_type, str(document.digest))
    if isinstance(value, Index):
        for child in value.manifests:
            _add(plan, source, source.get_manifest(child.digest), evidence=evidence, depth=depth + 1)
    else:
        plan.blobs.update((d.digest, d) for d in (value.config, *value.layers) if not _is_foreign(d))
    plan.documents[document.digest] = document
    if evidence:
        for found in source.referrers(document.digest):
            _add(plan, source, source.get_manifest(found.digest), evidence=True, depth=depth + 1)


def _is_foreign(blob: Descriptor) -> bool:
    return bool(blob.urls) and any(word in blob.media_type for word in _FOREIGN)


def _send_blobs(plan: _Plan, source: ContentStore, target: ContentStore, jobs: int, progress: Progress) -> _Tally:
    tally = _Tally()
    blobs = sorted(plan.blobs.values(), key=lambda blob: -blob.size)
    progress.plan(len(blobs), sum(blob.size for blob in blobs))

    def send(blob: Descriptor, cancel: Cancel) -> None:
        progress.begin(blob)
        opened = _Opened(source, blob, progress, cancel)
        target.put_blob(blob.digest, blob.size, opened)
        outcome = opened.outcome(target)
        tally.add(outcome, blob.size)
        progress.end(blob, outcome)

    run_all(send, blobs, jobs)
    return tally


class _Opened:
    """A blob's source that knows whether it was used at all."""

    def __init__(self, source: ContentStore, blob: Descriptor, progress: Progress, cancel: Cancel) -> None:
        self._source = source
        self._blob = blob
        self._progress = progress
        self._cancel = cancel
        self._used = False

    def __call__(self, offset: int) -> Readable:
        self._used = True
        self._cancel.check()
        stream = self._source.open_blob(self._blob.digest, offset)
        return _Watched(stream, self._blob, offset, self._progress, self._cancel)

    def outcome(self, target: ContentStore) -> Outcome:
        if self._used:
            return Outcome.SENT
        mounted = isinstance(target, RemoteRepository) and self._blob.digest in target.mounted
        return Outcome.MOUNTED if mounted else Outcome.SKIPPED


class _Watched(io.RawIOBase):
    """A stream that reports its position, and ends when the copy is cancelled."""

    def __init__(self, stream: Readable, blob: Descriptor, offset: int, progress: Progress, cancel: Cancel) -> None:
        self._stream = stream
        self._blob = blob
        self._position = offset
        self._progress = progress
        self._cancel = cancel

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # the base wants any buffer
        self._cancel.check()
        count = self._stream.readinto(memoryview(buffer)) or 0
        self._position += count
        self._progress.at(self._blob, self._position)
        return count

    def take_range(self, limit: int) -> FileRange | None:
        self._cancel.check()
        part = take_range(self._stream, limit)
        if part is not None:
            self._position += part.size
            self._progress.at(self._blob, self._position)
        return part

    def close(self) -> None:
        self._stream.close()
        super().close()
