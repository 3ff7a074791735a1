"""A base of locked Debian packages: one layer, made of the packages' own archives."""

from __future__ import annotations

from collections.abc import Sequence

from tidegate.build.compression import store_layer
from tidegate.build.image import NewLayer
from tidegate.build.layer_cache import LayerCache
from tidegate.build.sources import FetchDebian
from tidegate.oci.image import Layer
from tidegate.packages import rootfs
from tidegate.project.lock import DebianPackage


def make(packages: Sequence[DebianPackage], fetch: FetchDebian, cache: LayerCache) -> NewLayer:
    """The layer; packages are fetched only when it has to be made. Raises LockError, ContentError, NetworkError."""
    reason = f"Debian packages ({len(packages)})"

    def make_layer() -> Layer:
        return store_layer(cache.store, rootfs.entries(fetch(packages)), reason)

    return cache.get(("debian", *packages), reason, make_layer)
