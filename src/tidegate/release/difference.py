"""In which layers two images differ, in a line."""

from __future__ import annotations

from itertools import zip_longest

from tidegate.errors import ContentError
from tidegate.oci.digest import Digest
from tidegate.oci.image import Image, load_images
from tidegate.oci.store import ContentStore


def describe(there: ContentStore, old: Digest, here: ContentStore, new: Digest) -> str:
    """What differs between the image in a registry and the one that was built."""
    try:
        _, olds = load_images(there, old)
    except ContentError as error:
        return f"the other one can't be read: {error.message}"
    _, news = load_images(here, new)
    before = {str(image.platform): image for image in olds}
    after = {str(image.platform): image for image in news}
    if before.keys() != after.keys():
        return f"platforms {', '.join(sorted(before))} there, {', '.join(sorted(after))} here"
    found = [difference for name, image in after.items() for difference in _images(before[name], image)]
    return "; ".join(dict.fromkeys(found)) or "only the evidence inside the index differs"


def _images(old: Image, new: Image) -> list[str]:
    pairs = zip_longest(_reasons(old), _reasons(new), fillvalue=("no layer", None))
    layers = [
        f"layer {number} ({reason if reason == other else f'{other} there, {reason} here'}) differs"
        for number, ((other, old_id), (reason, new_id)) in enumerate(pairs, 1)
        if old_id != new_id
    ]
    if old.config.config != new.config.config:
        layers.append("the configuration differs")
    if old.config.created != new.config.created:
        layers.append(f"created {old.config.created} there, {new.config.created} here")
    return layers


def _reasons(image: Image) -> list[tuple[str, Digest | None]]:
    """Each layer's diff id, with its reason from the history."""
    named = [entry.comment or entry.created_by or "" for entry in image.config.history if not entry.empty_layer]
    return [(name or "", layer.diff_id) for name, layer in zip_longest(named, image.layers) if layer is not None]
