"""What every step of a build works with: the store, the ways to the world, and what is remembered."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, cast

from tidegate.build.contents import ContentsCache, Items, read_items
from tidegate.build.layer_cache import LayerCache
from tidegate.build.sources import Sources
from tidegate.oci import media_types
from tidegate.oci.image import Layer
from tidegate.oci.layer import VerifiedLayer, decompress
from tidegate.oci.local import LocalStore

# Called from several threads with a label, the bytes done since the last call, and how many there are in all,
# 0 where nobody knows.
Progress = Callable[[str, int, int], None]


def quiet(_label: str, _count: int, _total: int) -> None:
    """A progress callback for nobody."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """`now` gives the Unix time in nanoseconds."""

    store: LocalStore
    sources: Sources
    now: Callable[[], int] = time.time_ns
    progress: Progress = quiet

    @property
    def layers(self) -> LayerCache:
        """Layers that were made before."""
        return LayerCache(self.sources.cache / "layers", self.store, lambda reason: self.progress(reason, 0, 0))

    def items(self, layer: Layer) -> Items:
        """What is in a layer, read from the store the first time. Raises ContentError, NotFoundError."""

        def read() -> Items:
            blob = self.store.open_blob(layer.descriptor.digest)
            stream = decompress(blob, media_types.LAYERS[layer.descriptor.media_type])
            where = f"layer {layer.descriptor.digest}"
            if self.store.recipe(layer.descriptor.digest) is None:
                # A base's configuration may name diff ids that are not those of its layers.
                stream = cast("IO[bytes]", VerifiedLayer(stream, layer.diff_id, where))
            with stream:
                return read_items(stream, where)

        return ContentsCache(self.sources.cache / "contents").get(layer.diff_id, read)
