"""A base for one platform, its layers in the local store."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec

from tidegate.errors import ConfigError, ContentError
from tidegate.oci.descriptor import Descriptor, Platform
from tidegate.oci.digest import Digest
from tidegate.oci.image import Image, Layer, load_images
from tidegate.oci.layout import make_folder, replacing
from tidegate.oci.local import LocalStore
from tidegate.oci.manifest import MAX_CONFIG, Execution, ImageConfig, decode, encode
from tidegate.oci.store import ContentStore

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Base:
    """Layers from the bottom up, and the configuration to go on with, None when there is none."""

    config: ImageConfig | None = None
    layers: tuple[Layer, ...] = ()

    @property
    def execution(self) -> Execution:
        return self.config.config if self.config else Execution(env=(f"PATH={PATH}",))


def from_store(source: ContentStore, reference: Digest | str, platform: Platform, store: LocalStore) -> Base:
    """The image of a base for a platform, with the layers that the local store lacks copied into it.

    Raises ConfigError when there is none for the platform; NotFoundError, DigestMismatch.
    """
    image = _select(source, reference, platform)
    for layer in image.layers:
        digest = layer.descriptor.digest
        store.put_blob(digest, layer.descriptor.size, partial(source.open_blob, digest))
    return Base(image.config, image.layers)


class _Remembered(msgspec.Struct, frozen=True):
    config: ImageConfig
    layers: tuple[Descriptor, ...]


class BaseCache:
    """Remembers what a base's digest means for a platform, so that an unchanged one needs no network."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, digest: Digest, platform: Platform, store: LocalStore) -> Base | None:
        """The base, if all of its layers are in the store."""
        try:
            path = self._path(digest, platform)
            known = decode(path.read_bytes(), _Remembered, str(path), 2 * MAX_CONFIG)
        except (OSError, ContentError):
            return None
        if any(store.blob_size(layer.digest) != layer.size for layer in known.layers):
            return None
        return Base(known.config, tuple(map(Layer, known.layers, known.config.rootfs.diff_ids)))

    def put(self, digest: Digest, platform: Platform, base: Base) -> None:
        """Raises StorageError."""
        if base.config is None:
            return
        make_folder(self._folder)
        with replacing(self._path(digest, platform)) as stream:
            stream.write(encode(_Remembered(base.config, tuple(layer.descriptor for layer in base.layers))))

    def _path(self, digest: Digest, platform: Platform) -> Path:
        return self._folder / hashlib.sha256(f"{digest} {platform}".encode()).hexdigest()


def _select(source: ContentStore, reference: Digest | str, platform: Platform) -> Image:
    _, images = load_images(source, reference)
    chosen = next((image for image in images if platform.runs(image.platform)), None)
    if chosen is None:
        there = ", ".join(sorted(str(image.platform) for image in images))
        raise ConfigError(
            f"build.base: there is no image for {platform} in it", hint=f"it has: {there}; see build.platforms"
        )
    return chosen
