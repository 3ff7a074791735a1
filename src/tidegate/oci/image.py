"""One platform's image in a content store, and the files that a container of it would see."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, cast

from tidegate.errors import ContentError
from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor, Platform
from tidegate.oci.digest import Digest
from tidegate.oci.layer import Entry, VerifiedLayer, decompress, read_layer
from tidegate.oci.local import LocalStore
from tidegate.oci.manifest import MAX_CONFIG, ImageConfig, Index, Manifest, decode, decode_manifest
from tidegate.oci.store import ContentStore, read_blob


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer's blob and the digest of its uncompressed tar."""

    descriptor: Descriptor
    diff_id: Digest


@dataclass(frozen=True, slots=True)
class Image:
    """A manifest with its configuration; layers are read from the store on demand."""

    store: ContentStore
    descriptor: Descriptor
    manifest: Manifest
    config: ImageConfig

    @property
    def digest(self) -> Digest:
        return self.descriptor.digest

    @property
    def platform(self) -> Platform:
        return self.config.platform

    @property
    def layers(self) -> tuple[Layer, ...]:
        """From the base upwards."""
        return tuple(map(Layer, self.manifest.layers, self.config.rootfs.diff_ids))

    def open_layer(self, layer: Layer) -> IO[bytes]:
        """The layer's uncompressed tar, compared with its diff id when it is left. Raises NotFoundError."""
        return cast("IO[bytes]", VerifiedLayer(self._open(layer), layer.diff_id, f"layer {layer.descriptor.digest}"))

    def read_layer(self, layer: Layer) -> IO[bytes]:
        """As `open_layer`; from the local store, whose blobs were verified when they came, one may seek in it."""
        return self._open(layer) if isinstance(self.store, LocalStore) else self.open_layer(layer)

    def _open(self, layer: Layer) -> IO[bytes]:
        blob = self.store.open_blob(layer.descriptor.digest)
        return decompress(blob, media_types.LAYERS[layer.descriptor.media_type])

    def files(self) -> Iterator[tuple[Layer, Entry, IO[bytes] | None]]:
        """Every entry that is visible in the merged file system, in one pass over each layer.

        Goes from the top layer down. Content is readable until the next step.
        Raises ContentError for an unsafe or broken layer, DigestMismatch for one whose bytes are others
        than promised.
        """
        hidden: set[str] = set()
        for layer in reversed(self.layers):
            above = frozenset(hidden)
            with self.read_layer(layer) as stream:
                for entry, content in read_layer(stream, f"layer {layer.descriptor.digest}"):
                    if entry.whiteout is not None:
                        hidden.add(entry.whiteout)
                    elif entry.opaque is not None:
                        hidden.add(entry.opaque + "/*")
                    elif not _is_hidden(entry.path, above):
                        hidden.add(entry.path if entry.kind != "directory" else entry.path + "/.")
                        yield layer, entry, content


def load_images(store: ContentStore, reference: Digest | str) -> tuple[Descriptor, tuple[Image, ...]]:
    """What a reference names, and its images: one, or one for each platform of an index.

    Attestation manifests inside an index (platform unknown/unknown) are left out.
    Raises NotFoundError, ContentError.
    """
    document = store.get_manifest(reference)
    value = decode_manifest(document.data, document.media_type, str(reference))
    if isinstance(value, Manifest):
        return document.descriptor, (_image(store, document.descriptor, value),)
    digests = [d.digest for d in value.manifests if not d.platform or d.platform.os != "unknown"]
    return document.descriptor, tuple(load_image(store, digest) for digest in digests)


def load_image(store: ContentStore, reference: Digest | str, platform: Platform | None = None) -> Image:
    """The image for one platform. Raises ContentError when an index has none, or several and none was asked for."""
    document = store.get_manifest(reference)
    value = decode_manifest(document.data, document.media_type, str(reference))
    if isinstance(value, Index):
        chosen = value.select(platform) if platform else (value.manifests[0] if len(value.manifests) == 1 else None)
        if chosen is None:
            raise ContentError(f"{reference}: there is no image for {platform or 'an unnamed platform'} in it")
        return load_image(store, chosen.digest)
    return _image(store, document.descriptor, value)


def _image(store: ContentStore, descriptor: Descriptor, manifest: Manifest) -> Image:
    where = f"image {descriptor.digest}"
    if manifest.config.media_type not in {media_types.CONFIG, media_types.DOCKER_CONFIG}:
        raise ContentError(f"{where}: an artifact of type {manifest.config.media_type!r}, not an image")
    unknown = [d.media_type for d in manifest.layers if d.media_type not in media_types.LAYERS]
    if unknown:
        raise ContentError(f"{where}: layers of media type {unknown[0]!r} are not supported")
    config = decode(
        read_blob(store, manifest.config.digest, MAX_CONFIG), ImageConfig, f"{where}, configuration", MAX_CONFIG
    )
    if len(config.rootfs.diff_ids) != len(manifest.layers):
        raise ContentError(f"{where}: {len(manifest.layers)} layers, but {len(config.rootfs.diff_ids)} diff_ids")
    return Image(store, descriptor, manifest, config)


def _is_hidden(path: str, above: frozenset[str]) -> bool:
    if path in above or path + "/." in above:
        return True
    folder = posixpath.dirname(path)
    while True:
        if folder in above or folder + "/*" in above:
            return True
        if not folder:
            return False
        folder = posixpath.dirname(folder)
