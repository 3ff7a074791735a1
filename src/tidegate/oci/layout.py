"""An OCI image layout on disk (image-layout.md) as a content store."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec

from tidegate.errors import NotFoundError, StorageError
from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.digest import BLOCK, Digest, Verifier
from tidegate.oci.manifest import MAX_MANIFEST, Index, Manifest, decode, decode_manifest, encode
from tidegate.oci.recipe import FileKey
from tidegate.oci.store import Document, Readable, Source, find_manifest

TAG_ANNOTATION = "org.opencontainers.image.ref.name"
MARKER = b'{"imageLayoutVersion":"1.0.0"}'
# index.json lists every manifest of the layout.
_MAX_INDEX = 64 << 20


class Layout:
    """A folder that holds one repository's content. Made when the first thing is stored in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: tuple[FileKey, Index] | None = None

    @classmethod
    def existing(cls, path: Path) -> Layout:
        """A layout that must be there already. Raises NotFoundError."""
        if not (path / "oci-layout").is_file():
            raise NotFoundError(f"{path}: not an OCI image layout", hint="it would hold a file named oci-layout")
        return cls(path)

    def blob_path(self, digest: Digest) -> Path:
        return self.path / "blobs" / digest.algorithm / digest.hex

    def blob_size(self, digest: Digest) -> int | None:
        try:
            return self.blob_path(digest).stat().st_size
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageError(f"{self.path}: {error.strerror}") from error

    def open_blob(self, digest: Digest, offset: int = 0) -> Readable:
        try:
            stream = open(self.blob_path(digest), "rb", buffering=0)  # noqa: SIM115 - the caller closes it
        except FileNotFoundError:
            raise NotFoundError(f"{self.path}: there is no blob {digest}") from None
        except OSError as error:
            raise StorageError(f"{self.path}: {error.strerror}") from error
        stream.seek(offset)
        return stream

    def put_blob(self, digest: Digest, size: int, source: Source) -> None:
        if self.blob_size(digest) == size:
            return
        with source(0) as stream, self.new_blob(digest, size) as write:
            buffer = memoryview(bytearray(BLOCK))
            while count := stream.readinto(buffer):
                write(buffer[:count])

    @contextmanager
    def new_blob(self, digest: Digest, size: int | None = None) -> Iterator[Callable[[memoryview | bytes], None]]:
        """A function that takes a blob's bytes; the blob appears when the block ends and they were right."""
        target = self.blob_path(digest)
        verifier = Verifier(digest, size)
        self.prepare()
        make_folder(target.parent)
        with replacing(target) as stream:

            def write(data: memoryview | bytes) -> None:
                verifier.update(data)
                stream.write(data)

            yield write
            verifier.finish()

    @contextmanager
    def growing_blob(self) -> Iterator[GrowingBlob]:
        """A blob whose digest is known only when the block ends; it appears then. Raises StorageError."""
        self.prepare()
        folder = self.path / "blobs" / "sha256"
        make_folder(folder)
        blob = GrowingBlob()
        with replacing(lambda: self.blob_path(blob.digest), folder) as stream:
            blob.file = stream
            yield blob

    def get_manifest(self, reference: Digest | str) -> Document:
        entry = self._entry(reference)
        if entry is None:
            raise NotFoundError(f"{self.path}: there is no image {reference}")
        with self.open_blob(entry.digest) as stream:
            data = stream.read(MAX_MANIFEST + 1) or b""
        verifier = Verifier(entry.digest, entry.size)
        verifier.update(data)
        verifier.finish()
        return Document(data, entry.media_type, entry.digest)

    def put_manifest(self, data: bytes, media_type: str, tag: str | None = None) -> Descriptor:
        value = decode_manifest(data, media_type, f"manifest for {self.path}")
        digest = Digest.of(data)
        with self.new_blob(digest, len(data)) as write:
            write(data)
        descriptor = Descriptor(media_type=media_type, digest=digest, size=len(data))
        with self._locked():
            self._list(descriptor, value, tag)
        return descriptor

    def tags(self) -> Sequence[str]:
        return sorted(
            {d.annotations[TAG_ANNOTATION] for d in self.index().manifests if TAG_ANNOTATION in d.annotations}
        )

    def referrers(self, subject: Digest, artifact_type: str | None = None) -> Sequence[Descriptor]:
        found = {}
        for entry in self.index().manifests:
            document = find_manifest(self, entry.digest)
            if document is None:
                continue
            value = decode_manifest(document.data, document.media_type, str(entry.digest))
            if value.subject is not None and value.subject.digest == subject:
                found[entry.digest] = referrer(document.descriptor, value)
        return [d for d in found.values() if artifact_type in {None, d.artifact_type}]

    def index(self) -> Index:
        """The layout's index.json; empty when there is none. Raises ContentError."""
        path = self.path / "index.json"
        try:
            with path.open("rb") as file:
                # It is replaced, never written to: the same file has the same content.
                key = FileKey.of(os.fstat(file.fileno()))
                if self._read is None or self._read[0] != key:
                    self._read = key, decode(file.read(_MAX_INDEX + 1), Index, str(path), _MAX_INDEX)
                return self._read[1]
        except FileNotFoundError:
            return Index(schema_version=2, media_type=media_types.INDEX, manifests=())
        except OSError as error:
            raise StorageError(f"{path}: {error.strerror}") from error

    def _entry(self, reference: Digest | str) -> Descriptor | None:
        entries = self.index().manifests
        if isinstance(reference, Digest):
            listed = next((d for d in entries if d.digest == reference), None)
            return listed or self._nested(entries, reference)
        return next((d for d in entries if d.annotations.get(TAG_ANNOTATION) == reference), None)

    def _nested(self, entries: Sequence[Descriptor], digest: Digest) -> Descriptor | None:
        """Images inside a listed index need not be listed themselves."""
        if self.blob_size(digest) is None:
            return None
        for entry in entries:
            if entry.media_type in media_types.INDEXES and self.blob_size(entry.digest) is not None:
                document = self.get_manifest(entry.digest)
                inner = decode(document.data, Index, str(entry.digest))
                for descriptor in inner.manifests:
                    if descriptor.digest == digest:
                        return descriptor
        return None

    def _list(self, descriptor: Descriptor, value: Manifest | Index, tag: str | None) -> None:
        entries = list(self.index().manifests)
        if tag is not None:
            # An image that loses the tag stays listed, or nobody would find it by its digest.
            entries = [_untagged(d) if d.annotations.get(TAG_ANNOTATION) == tag else d for d in entries]
            descriptor = msgspec.structs.replace(descriptor, annotations={TAG_ANNOTATION: tag})
        elif any(d.digest == descriptor.digest for d in entries):
            return
        entries.append(msgspec.structs.replace(descriptor, artifact_type=value.artifact_type))
        tagged = {d.digest for d in entries if TAG_ANNOTATION in d.annotations}
        entries = [d for d in entries if TAG_ANNOTATION in d.annotations or d.digest not in tagged]
        index = Index(schema_version=2, media_type=media_types.INDEX, manifests=tuple(entries))
        with replacing(self.path / "index.json") as stream:
            stream.write(encode(index))

    def prepare(self) -> None:
        marker = self.path / "oci-layout"
        if marker.exists():
            return
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            marker.write_bytes(MARKER)
        except OSError as error:
            raise StorageError(f"{self.path}: {error.strerror}") from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with open(self.path / "oci-layout", "rb") as marker:
            fcntl.flock(marker, fcntl.LOCK_EX)
            yield


class GrowingBlob:
    """Takes a blob's bytes; knows its digest and size so far."""

    file: IO[bytes]

    def __init__(self) -> None:
        self.size = 0
        self._state = hashlib.sha256()

    def write(self, data: bytes | memoryview) -> None:
        self._state.update(data)
        self.size += self.file.write(data)

    @property
    def digest(self) -> Digest:
        return Digest.finish(self._state)


def _untagged(entry: Descriptor) -> Descriptor:
    kept = {name: value for name, value in entry.annotations.items() if name != TAG_ANNOTATION}
    return msgspec.structs.replace(entry, annotations=kept)


def referrer(descriptor: Descriptor, value: Manifest | Index) -> Descriptor:
    """The descriptor as a referrers list shows it (distribution-spec 1.1, "Listing Referrers")."""
    artifact_type = value.artifact_type
    if artifact_type is None and isinstance(value, Manifest):
        artifact_type = value.config.media_type
    return msgspec.structs.replace(descriptor, artifact_type=artifact_type, annotations=value.annotations)


def make_folder(path: Path) -> None:
    """A folder with its parents. Raises StorageError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}", hint="check the folder's rights") from error


@contextmanager
def replacing(
    target: Path | Callable[[], Path], folder: Path | None = None
) -> Iterator[tempfile._TemporaryFileWrapper[bytes]]:
    """A file that takes its name only when it was written whole. Raises StorageError.

    A name that is known only then is given as a function, with the folder that it will lie in.
    """
    name = target if callable(target) else lambda: target
    try:
        with tempfile.NamedTemporaryFile(dir=folder or name().parent, prefix=".new-", delete=False) as stream:
            try:
                yield stream
                stream.flush()
                os.fchmod(stream.fileno(), 0o644)
                Path(stream.name).replace(name())
            except BaseException:
                Path(stream.name).unlink()
                raise
    except OSError as error:
        raise StorageError(
            f"{folder or name()}: {error.strerror}", hint="free some space or check the folder's rights"
        ) from error
