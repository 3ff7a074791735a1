"""Images in one tar file: OCI archives and docker-archives (`docker save`), read where they lie and written."""

from __future__ import annotations

import io
import posixpath
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tidegate.errors import ContentError, NotFoundError, StorageError, UsageError
from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.digest import BLOCK, Digest, digest_stream
from tidegate.oci.image import load_images
from tidegate.oci.layout import MARKER, TAG_ANNOTATION, Layout
from tidegate.oci.manifest import (
    MAX_CONFIG,
    MAX_MANIFEST,
    ImageConfig,
    Index,
    Manifest,
    decode,
    encode,
)
from tidegate.oci.store import ContentStore, Readable, Source

_MAX_MEMBERS = 100_000
_MTIME = 315_619_200
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


class _Saved(msgspec.Struct, frozen=True, rename="pascal"):
    """One image of a docker-archive's manifest.json."""

    config: str
    layers: tuple[str, ...]
    repo_tags: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class _Member:
    offset: int
    size: int


class Archive(Layout):
    """A tar file with an image layout, or with what `docker save` wrote, as a store that can only be read.

    The images of a docker-archive get an OCI manifest over the very layers that are in it.
    """

    def __init__(self, path: Path) -> None:
        """Raises NotFoundError, ContentError for a file that isn't such an archive, or is compressed as a whole."""
        super().__init__(path)
        self._members = _members(path)
        self._blobs: dict[Digest, _Member | bytes] = {
            digest: member for name, member in self._members.items() if (digest := _blob_digest(name))
        }
        if "index.json" in self._members:
            self._index = decode(self._small("index.json"), Index, f"{path}: index.json")
        elif "manifest.json" in self._members:
            self._index = self._saved()
        else:
            raise ContentError(
                f"{path}: neither an OCI archive nor a docker-archive", hint="there is no index.json or manifest.json"
            )

    def index(self) -> Index:
        return self._index

    def blob_size(self, digest: Digest) -> int | None:
        found = self._blobs.get(digest)
        if isinstance(found, bytes):
            return len(found)
        return None if found is None else found.size

    def open_blob(self, digest: Digest, offset: int = 0) -> Readable:
        found = self._blobs.get(digest)
        if found is None:
            raise NotFoundError(f"{self.path}: there is no blob {digest}")
        if isinstance(found, bytes):
            return io.BytesIO(found[offset:])
        return _Slice(self.path, found.offset + offset, max(0, found.size - offset))

    def put_blob(self, digest: Digest, size: int, source: Source) -> None:
        raise UsageError(f"{self.path}: an archive can't be added to")

    def put_manifest(self, data: bytes, media_type: str, tag: str | None = None) -> Descriptor:
        raise UsageError(f"{self.path}: an archive can't be added to")

    def _small(self, name: str, limit: int = MAX_MANIFEST) -> bytes:
        member = self._member(name)
        if member.size > limit:
            raise ContentError(f"{self.path}: {name}: {member.size} bytes, more than the {limit} that are accepted")
        with _Slice(self.path, member.offset, member.size) as stream:
            return stream.read(member.size) or b""

    def _member(self, name: str) -> _Member:
        try:
            return self._members[posixpath.normpath(name)]
        except KeyError:
            raise ContentError(f"{self.path}: {name!r} is named in it, but not there") from None

    def _saved(self) -> Index:
        where = f"{self.path}: manifest.json"
        images = decode(self._small("manifest.json"), tuple[_Saved, ...], where)
        return Index(
            schema_version=2,
            media_type=media_types.INDEX,
            manifests=tuple(entry for image in images for entry in self._image(image)),
        )

    def _image(self, image: _Saved) -> Iterator[Descriptor]:
        """Descriptors, one for each tag, of the manifest that a saved image is given."""
        data = self._small(image.config, MAX_CONFIG)
        config = decode(data, ImageConfig, f"{self.path}: {image.config}", MAX_CONFIG)
        if len(config.rootfs.diff_ids) != len(image.layers):
            raise ContentError(f"{self.path}: {len(image.layers)} layers, but {len(config.rootfs.diff_ids)} diff_ids")
        layers = tuple(map(self._layer, image.layers, config.rootfs.diff_ids))
        manifest = Manifest(
            schema_version=2,
            media_type=media_types.MANIFEST,
            config=self._add(data, media_types.CONFIG),
            layers=layers,
        )
        descriptor = self._add(encode(manifest), media_types.MANIFEST)
        for tag in image.repo_tags or ("",):
            yield msgspec.structs.replace(descriptor, annotations={TAG_ANNOTATION: tag} if tag else {})

    def _layer(self, name: str, diff_id: Digest) -> Descriptor:
        member = self._member(name)
        with _Slice(self.path, member.offset, member.size) as stream:
            start = stream.read(4) or b""
        if start.startswith(_GZIP) or start == _ZSTD:
            media_type = media_types.LAYER_ZSTD if start == _ZSTD else media_types.LAYER_GZIP
            with _Slice(self.path, member.offset, member.size) as stream:
                digest, _ = digest_stream(stream)  # type: ignore[arg-type]
        else:
            media_type, digest = media_types.LAYER, diff_id
        self._blobs[digest] = member
        return Descriptor(media_type=media_type, digest=digest, size=member.size)

    def _add(self, data: bytes, media_type: str) -> Descriptor:
        digest = Digest.of(data)
        self._blobs[digest] = data
        return Descriptor(media_type=media_type, digest=digest, size=len(data))


def open_local(path: Path) -> Layout:
    """A layout folder or an archive file. Raises NotFoundError, ContentError."""
    if path.is_file():
        return Archive(path)
    return Layout.existing(path)


def write_archive(
    store: ContentStore, reference: Digest | str, tag: str | None, write: Callable[[bytes], object]
) -> None:
    """Write an image or index as one tar that is both an OCI archive and a docker-archive.

    `tag` is the name that `docker load` gives it, such as `digits:1.4.0`. Raises NotFoundError, ContentError.
    """
    top, images = load_images(store, reference)
    blobs = {d.digest: d for image in images for d in (image.descriptor, image.manifest.config, *image.manifest.layers)}
    blobs[top.digest] = top
    saved = [
        _Saved(
            config=_blob_name(image.manifest.config.digest),
            layers=tuple(_blob_name(layer.digest) for layer in image.manifest.layers),
            repo_tags=(tag,) if tag and number == 0 else None,
        )
        for number, image in enumerate(images)
    ]
    listed = msgspec.structs.replace(top, annotations={TAG_ANNOTATION: tag} if tag else {})
    index = Index(schema_version=2, media_type=media_types.INDEX, manifests=(listed,))
    for name, data in (
        ("oci-layout", MARKER),
        ("index.json", encode(index)),
        ("manifest.json", msgspec.json.encode(saved)),
    ):
        write(_header(name, len(data)) + data + bytes(-len(data) % 512))
    for digest in sorted(blobs):
        _write_blob(store, blobs[digest], write)
    write(bytes(1024))


def _write_blob(store: ContentStore, descriptor: Descriptor, write: Callable[[bytes], object]) -> None:
    write(_header(_blob_name(descriptor.digest), descriptor.size))
    left = descriptor.size
    with store.open_blob(descriptor.digest) as stream:
        while block := stream.read(BLOCK):
            write(block)
            left -= len(block)
    if left:
        raise ContentError(f"{descriptor.digest}: not the {descriptor.size} bytes that its descriptor says")
    write(bytes(-descriptor.size % 512))


class _Slice(io.RawIOBase):
    """A part of a file as a stream."""

    def __init__(self, path: Path, offset: int, size: int) -> None:
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115 - closed with the stream
        self._file.seek(offset)
        self._left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        count = self._file.readinto(memoryview(buffer)[: self._left]) or 0
        self._left -= count
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


def _members(path: Path) -> dict[str, _Member]:
    """The archive's files by name. Links, by which `docker save` names a layer twice, lead to what they name."""
    found: dict[str, _Member] = {}
    links: dict[str, str] = {}
    try:
        with tarfile.open(path, "r:") as archive:
            for member in archive:
                if len(found) + len(links) > _MAX_MEMBERS:
                    raise ContentError(f"{path}: more than {_MAX_MEMBERS} entries")
                name = posixpath.normpath(member.name)
                if member.isreg():
                    found[name] = _Member(member.offset_data, member.size)
                elif member.issym():
                    links[name] = posixpath.normpath(posixpath.join(posixpath.dirname(name), member.linkname))
                elif member.islnk():
                    links[name] = posixpath.normpath(member.linkname)
    except FileNotFoundError:
        raise NotFoundError(f"{path}: there is no such file") from None
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise ContentError(
            f"{path}: not a tar archive: {error}", hint="if it is compressed, decompress it first"
        ) from error
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error
    found |= {name: found[target] for name, target in links.items() if target in found}
    return found


def _blob_name(digest: Digest) -> str:
    return f"blobs/{digest.algorithm}/{digest.hex}"


def _blob_digest(name: str) -> Digest | None:
    parts = name.split("/")
    if len(parts) != 3 or parts[0] != "blobs":
        return None
    try:
        return Digest(f"{parts[1]}:{parts[2]}")
    except ContentError:
        return None


def _header(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o644, _MTIME
    return member.tobuf(tarfile.PAX_FORMAT)
