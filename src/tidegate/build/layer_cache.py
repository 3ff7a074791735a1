"""Layers that were made before, by a key of everything that decides their bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from tidegate.build.image import NewLayer
from tidegate.errors import ContentError
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.digest import Digest
from tidegate.oci.image import Layer
from tidegate.oci.layout import Layout, make_folder, replacing
from tidegate.oci.manifest import decode, encode
from tidegate.project.lock import GZIP_FORMAT

# Raised whenever the same packages are unpacked to other files than before.
_FORMAT = 1


class _Remembered(msgspec.Struct, frozen=True):
    descriptor: Descriptor
    diff_id: Digest


class LayerCache:
    """Remembers layers in a folder that may be deleted at any time. Their blobs lie in the store.

    `making` is called with the reason of a layer that has to be made.
    """

    def __init__(self, folder: Path, store: Layout, making: Callable[[str], None] = lambda _reason: None) -> None:
        self._folder = folder
        self._making = making
        self.store = store

    def get(self, parts: Sequence[object], reason: str, make: Callable[[], Layer]) -> NewLayer:
        """The layer remembered for a key, or a new one, made in the store.

        `parts` are plain values or Structs that decide the bytes. Raises ContentError, StorageError.
        """
        path = (
            self._folder / hashlib.sha256(msgspec.json.encode((_FORMAT, GZIP_FORMAT, *parts), enc_hook=str)).hexdigest()
        )
        known = _read(path)
        if known is not None and self.store.blob_size(known.descriptor.digest) == known.descriptor.size:
            return NewLayer(Layer(known.descriptor, known.diff_id), reason, reused=True)
        self._making(reason)
        layer = make()
        make_folder(self._folder)
        with replacing(path) as stream:
            stream.write(encode(_Remembered(layer.descriptor, layer.diff_id)))
        return NewLayer(layer, reason)


def _read(path: Path) -> _Remembered | None:
    try:
        return decode(path.read_bytes(), _Remembered, str(path))
    except (OSError, ContentError):
        return None
