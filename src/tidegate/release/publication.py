"""Putting an image into registries: blobs, manifests and evidence first, tags last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tidegate.distribution.copy import Summary, copy_image, move_tag
from tidegate.distribution.progress import Progress
from tidegate.errors import TagConflict
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.local import LocalStore
from tidegate.oci.store import ContentStore, find_manifest
from tidegate.release.destinations import Target
from tidegate.release.difference import describe
from tidegate.release.tags import Tag, commit_tag
from tidegate.trace import evidence


@dataclass(frozen=True, slots=True)
class Place:
    """An opened destination, and the tags that the image gets there."""

    target: Target
    store: ContentStore
    tags: tuple[Tag, ...]

    def references(self, image: Descriptor) -> tuple[str, ...]:
        """By tag, and by digest, which never changes its meaning."""
        repository = self.target.repository
        names = [repository.with_tag(tag.name) for tag in self.tags]
        return tuple(str(reference) for reference in (*names, repository.with_digest(image.digest)))


def place(target: Target, store: ContentStore, tags: Sequence[Tag], commit: str) -> Place:
    """A destination with its tags in the order in which they move: the commit's own last.

    A release that was cut off between two tags is thus never taken for a finished one.
    """
    extra = [Tag(target.tag, fixed=False)] if target.tag else []
    named = {tag.name: tag for tag in (*extra, *tags)}
    last = commit_tag(commit)
    return Place(target, store, tuple(sorted(named.values(), key=lambda tag: tag.name == last)))


def check_tags(place: Place, image: Descriptor, local: LocalStore) -> bool:
    """Whether all the tags are on the image already.

    Raises TagConflict, with the difference, when a tag that must never move is on another image.
    """
    complete = True
    for tag in place.tags:
        there = find_manifest(place.store, tag.name)
        complete = complete and there is not None and there.digest == image.digest
        if tag.fixed and there is not None and there.digest != image.digest:
            reference = place.target.repository.with_tag(tag.name)
            difference = describe(place.store, there.digest, local, image.digest)
            raise TagConflict(
                f"{reference}: is on {there.digest}, this release is {image.digest}: {difference}",
                hint=f"release a new commit or version, or ask where the other came from: tidegate trace {reference}",
            )
    return complete


def missing_evidence(place: Place, image: Descriptor, required: Sequence[str]) -> tuple[str, ...]:
    """The required kinds of evidence that the registry doesn't have with verdict passed."""
    return evidence.missing(evidence.find(place.store, image.digest), required)


def send(place: Place, image: Descriptor, local: LocalStore, progress: Progress) -> Summary:
    """Send what the repository doesn't have yet; no tag is touched."""
    return copy_image(local, image.digest, place.store, progress=progress)


def move_tags(places: Sequence[Place], image: Descriptor, local: LocalStore) -> None:
    """Point every tag to the image. Whoever calls it defers interruptions, so that none stays behind."""
    document = local.get_manifest(image.digest)
    for one in places:
        for tag in one.tags:
            move_tag(one.store, tag.name, document)
