"""A base for one platform, its layers in the local store."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from tidegate.errors import ContentError
from tidegate.oci.descriptor import Platform
from tidegate.oci.digest import Digest
from tidegate.oci.image import Image, Layer, load_images
from tidegate.oci.local import LocalStore
from tidegate.oci.manifest import Execution, ImageConfig
from tidegate.oci.store import ContentStore


@dataclass(frozen=True, slots=True)
class Base:
    """Layers from the bottom up, and the configuration to go on with.

    `checked` says that its own libraries are our choice, so that a missing one is our failure.
    """

    config: ImageConfig | None
    layers: tuple[Layer, ...]
    checked: bool = False

    @property
    def execution(self) -> Execution:
        return self.config.config if self.config else Execution()


def from_store(source: ContentStore, reference: Digest | str, platform: Platform, store: LocalStore) -> Base:
    """The image of a base for a platform, with the layers that the local store lacks copied into it.

    Raises ContentError when there is none for the platform; NotFoundError, DigestMismatch.
    """
    image = _select(source, reference, platform)
    for layer in image.layers:
        digest = layer.descriptor.digest
        store.put_blob(digest, layer.descriptor.size, partial(source.open_blob, digest))
    return Base(image.config, image.layers)


def _select(source: ContentStore, reference: Digest | str, platform: Platform) -> Image:
    _, images = load_images(source, reference)
    chosen = next((image for image in images if platform.runs(image.platform)), None)
    if chosen is None:
        there = ", ".join(sorted(str(image.platform) for image in images))
        raise ContentError(
            f"base {reference}: there is no image for {platform} in it", hint=f"it has: {there}; see build.platforms"
        )
    return chosen
