"""One repository of the embedded registry as a content store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tidegate.errors import ContentError, NotFoundError
from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.digest import BLOCK, Digest, Verifier
from tidegate.oci.layout import referrer
from tidegate.oci.manifest import Index, Manifest, decode_manifest
from tidegate.oci.store import Document, Readable, Source
from tidegate.registry.storage.blobs import Blobs
from tidegate.registry.storage.disk import Disk
from tidegate.registry.storage.manifests import Manifests
from tidegate.registry.storage.referrers import Referrers
from tidegate.registry.storage.tags import Tags

_FOREIGN = ("application/vnd.oci.image.layer.nondistributable.", "application/vnd.docker.image.rootfs.foreign.")


@dataclass(frozen=True, slots=True)
class Stored:
    """A manifest that was put, and the subject that it names."""

    descriptor: Descriptor
    subject: Digest | None


class StoredRepository:
    """Satisfies `oci.store.ContentStore`."""

    def __init__(self, disk: Disk, name: str, path: Path) -> None:
        self.name = name
        self.path = path
        self.blobs = Blobs(disk, path)
        self._disk = disk
        self._manifests = Manifests(disk, path)
        self._tags = Tags(disk, path)
        self._referrers = Referrers(disk, path)

    def blob_size(self, digest: Digest) -> int | None:
        return self.blobs.size(digest)

    def open_blob(self, digest: Digest, offset: int = 0) -> Readable:
        if self.blobs.size(digest) is None:
            raise NotFoundError(f"{self.name}: there is no blob {digest}")
        stream = open(self.blobs.path(digest), "rb", buffering=0)  # noqa: SIM115 - the caller closes it
        stream.seek(offset)
        return stream

    def put_blob(self, digest: Digest, size: int, source: Source) -> None:
        if self.blobs.size(digest) == size:
            return
        verifier = Verifier(digest, size)
        buffer = memoryview(bytearray(BLOCK))
        with source(0) as stream, self._disk.scratch() as file:
            while count := stream.readinto(buffer):
                verifier.update(buffer[:count])
                file.write(buffer[:count])
            verifier.finish()
            file.flush()
            self.blobs.adopt(file, digest)

    def get_manifest(self, reference: Digest | str) -> Document:
        digest = reference if isinstance(reference, Digest) else self._tags.get(reference)
        document = self._manifests.get(digest) if digest else None
        if document is None:
            raise NotFoundError(f"{self.name}: there is no manifest {reference}")
        return document

    def put_manifest(self, data: bytes, media_type: str, tag: str | None = None) -> Descriptor:
        return self.store(Document(data, media_type, Digest.of(data)), (tag,) if tag else ()).descriptor

    def store(self, document: Document, tags: Sequence[str]) -> Stored:
        """Store a manifest under the digest it has, and point tags to it.

        Raises ContentError when it is malformed, NotFoundError when a blob of it isn't there.
        """
        where = f"{self.name}, manifest {document.digest}"
        value = decode_manifest(document.data, document.media_type, where)
        self._check_blobs(value, where)
        if value.subject is not None:
            self._referrers.add(value.subject.digest, referrer(document.descriptor, value))
        self._manifests.put(document)
        for tag in tags:
            self._tags.point(tag, document.digest)
        return Stored(document.descriptor, value.subject.digest if value.subject else None)

    def delete_manifest(self, digest: Digest) -> bool:
        """Remove a manifest with its tags; whether it was there."""
        document = self._manifests.get(digest)
        for tag in self._tags.of(digest):
            self._tags.remove(tag)
        removed = self._manifests.remove(digest)
        if document is not None:
            value = decode_manifest(document.data, document.media_type, str(digest))
            if value.subject is not None:
                self._referrers.remove(value.subject.digest, digest)
        return removed

    def delete_tag(self, tag: str) -> bool:
        """Remove a tag; whether it was there."""
        return self._tags.remove(tag)

    def tags(self) -> Sequence[str]:
        return self._tags.names()

    def tagged(self, tag: str) -> Digest | None:
        """The digest that a tag names, or None."""
        return self._tags.get(tag)

    def exists(self) -> bool:
        """Whether a manifest was ever put here."""
        return (self.path / "_manifests").is_dir()

    def referrers(self, subject: Digest, artifact_type: str | None = None) -> Sequence[Descriptor]:
        listed = {each.digest: each for each in self._fallback(subject)}
        listed |= {each.digest: each for each in self._referrers.of(subject) if self._manifests.get(each.digest)}
        return [each for each in listed.values() if artifact_type in {None, each.artifact_type}]

    def _fallback(self, subject: Digest) -> Sequence[Descriptor]:
        """What clients without the referrers API listed in a tag (distribution-spec 1.1, "Referrers Tag Schema")."""
        digest = self._tags.get(f"{subject.algorithm}-{subject.hex[:64]}")
        document = self._manifests.get(digest) if digest else None
        if document is None or document.media_type not in media_types.INDEXES:
            return ()
        value = decode_manifest(document.data, document.media_type, str(digest))
        return value.manifests if isinstance(value, Index) else ()

    def _check_blobs(self, value: Manifest | Index, where: str) -> None:
        """An index may name images that aren't here yet; a manifest's own blobs must be."""
        if isinstance(value, Index):
            return
        for descriptor in (value.config, *value.layers):
            if descriptor.media_type.startswith(_FOREIGN):
                continue
            size = self.blobs.size(descriptor.digest)
            if size is None:
                raise NotFoundError(f"{where}: blob {descriptor.digest} is not in this repository")
            if size != descriptor.size:
                raise ContentError(f"{where}: says {descriptor.digest} has {descriptor.size} bytes, but it has {size}")
