"""Putting an image into registries: blobs, manifests and evidence first, tags last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tidegate.distribution.copy import Summary, copy_image, move_tag
from tidegate.distribution.progress import Progress
from tidegate.errors import TagConflict
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.local import LocalStore
from tidegate.oci.store import ContentStore, find_manifest
from tidegate.project.verdict import Verdict
from tidegate.release.destinations import Target
from tidegate.release.difference import describe
from tidegate.release.interruption import deferred
from tidegate.release.tags import Tag
from tidegate.trace import evidence


@dataclass(frozen=True, slots=True)
class Document:
    """A piece of evidence that is not stored yet."""

    media_type: str
    data: bytes
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """An opened destination and the tags that the image gets there, the commit's own last."""

    target: Target
    store: ContentStore
    tags: tuple[Tag, ...]

    @property
    def references(self) -> tuple[str, ...]:
        return tuple(str(self.target.repository.with_tag(tag.name)) for tag in self.tags)

    def at(self, descriptor: Descriptor) -> str:
        """The reference by digest, which never changes its meaning."""
        return str(self.target.repository.with_digest(descriptor.digest))


def check_tags(place: Place, image: Descriptor, local: LocalStore) -> bool:
    """Whether all the tags are on the image already.

    Raises TagConflict, with the difference, when a tag that must never move is on another image.
    """
    complete = True
    for tag in place.tags:
        there = find_manifest(place.store, tag.name)
        complete = complete and there is not None and there.digest == image.digest
        if tag.fixed and there is not None and there.digest != image.digest:
            raise TagConflict(
                f"{place.target.repository.with_tag(tag.name)}: is on {there.digest}, this release is {image.digest}: "
                + describe(place.store, there.digest, local, image.digest),
                hint="release a new commit or version, or find out who pushed the other image: tidegate trace "
                + str(place.target.repository.with_tag(tag.name)),
            )
    return complete


def missing_evidence(place: Place, image: Descriptor, required: Sequence[str]) -> tuple[str, ...]:
    """The required kinds of evidence that the registry doesn't have with verdict passed."""
    if find_manifest(place.store, image.digest) is None:
        return tuple(required)
    return evidence.missing(evidence.find(place.store, image.digest), required)


def send(place: Place, image: Descriptor, local: LocalStore, progress: Progress) -> Summary:
    """Send what the repository doesn't have yet; no tag is touched."""
    return copy_image(local, image.digest, place.store, progress=progress)


def attach(
    place: Place, image: Descriptor, documents: Sequence[Document], created: datetime
) -> Mapping[str, Descriptor]:
    """Store evidence beside the image; descriptors by kind."""
    return {
        evidence.KINDS[document.media_type]: evidence.attach(
            place.store, image, document.media_type, document.data, created=created, verdict=document.verdict
        )
        for document in documents
    }


def move_tags(places: Sequence[Place], image: Descriptor, local: LocalStore) -> None:
    """Point every tag to the image; an interruption waits until all are there."""
    document = local.get_manifest(image.digest)
    with deferred():
        for place in places:
            for tag in place.tags:
                move_tag(place.store, tag.name, document)
