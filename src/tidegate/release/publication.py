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
from tidegate.project.verdict import Verdict
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


def is_tagged(place: Place, image: Descriptor, local: LocalStore) -> bool:
    """Whether the tags that are this image's alone are on it already.

    A branch's tag is not looked at: it may have gone on to a newer commit, and a rerun must not move it back.
    Raises TagConflict, with the difference, when a tag that must never move is on another image.
    """
    own = [tag for tag in place.tags if tag.fixed or tag.name == place.target.tag]
    complete = any(tag.fixed for tag in own)
    for tag in own:
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


def published(places: Sequence[Place], commit: str, required: Sequence[str]) -> Descriptor | None:
    """The one image that every place has under the commit's tag with every required kind of evidence, or None.

    Evidence may be incomplete, see `incomplete_evidence`, but none may have failed.
    """
    documents = [find_manifest(one.store, commit_tag(commit)) for one in places]
    found = {document.digest: document.descriptor for document in documents if document is not None}
    if len(found) != 1 or None in documents:
        return None
    (image,) = found.values()
    newest = [evidence.latest(evidence.find(one.store, image.digest)) for one in places]
    failed = any(item.verdict is Verdict.FAILED for there in newest for item in there.values())
    return image if not failed and all(set(required) <= there.keys() for there in newest) else None


def incomplete_evidence(places: Sequence[Place], image: Descriptor, required: Sequence[str]) -> tuple[str, ...]:
    """The required kinds of evidence that have not passed somewhere."""
    missing = {kind for one in places for kind in missing_evidence(one, image, required)}
    return tuple(kind for kind in required if kind in missing)


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
