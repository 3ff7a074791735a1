from __future__ import annotations

from pathlib import Path

import pytest
from tests.images import make_image, make_layer

from tidegate.errors import ContentError, NotFoundError
from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor, Platform
from tidegate.oci.digest import Digest
from tidegate.oci.image import Image, load_image, load_images
from tidegate.oci.layout import Layout
from tidegate.oci.manifest import EMPTY_JSON, Index, Manifest, encode
from tidegate.oci.store import put_bytes

AMD, ARM = Platform.parse("linux/amd64"), Platform.parse("linux/arm64")


def merged(image: Image) -> dict[str, bytes | None]:
    return {entry.path: None if content is None else content.read() for _, entry, content in image.files()}


@pytest.mark.parametrize(
    ("lower", "upper", "expected"),
    [
        ({"a": b"1"}, {"a": b"2"}, {"a": b"2"}),
        ({"a": b"1", "b": b"1"}, {".wh.a": b""}, {"b": b"1"}),
        ({"d": None, "d/a": b"1"}, {".wh.d": b""}, {}),
        ({"d": None, "d/a": b"1"}, {"d": None, "d/.wh..wh..opq": b"", "d/b": b"2"}, {"d": None, "d/b": b"2"}),
        ({"d": None, "d/a": b"1"}, {"d": b"file"}, {"d": b"file"}),
        ({"d": None, "d/a": b"1"}, {"d": None, "d/b": b"2"}, {"d": None, "d/a": b"1", "d/b": b"2"}),
        ({"d": "elsewhere"}, {"d": None, "d/b": b"2"}, {"d": None, "d/b": b"2"}),
        ({"da": b"1"}, {"d": b"2"}, {"da": b"1", "d": b"2"}),
    ],
)
def test_upper_layers_hide_what_lies_below(
    tmp_path: Path,
    lower: dict[str, bytes | str | None],
    upper: dict[str, bytes | str | None],
    expected: dict[str, bytes | None],
) -> None:
    """Replaced, whited out and opaque paths are seen as a container would see them."""
    image = make_image(Layout(tmp_path), [make_layer(lower), make_layer(upper)], command=["x"])
    assert merged(image) == expected


def test_whiteout_hides_only_what_lies_below(tmp_path: Path) -> None:
    """A layer may remove a path and bring it anew."""
    image = make_image(
        Layout(tmp_path), [make_layer({"a": b"1"}), make_layer({".wh.a": b"", "a": b"2"})], command=["x"]
    )
    assert merged(image) == {"a": b"2"}


def two_platforms(store: Layout) -> Digest:
    images = [make_image(store, [make_layer({})], command=["x"], target=target) for target in (AMD, ARM)]
    unknown = Platform(os="unknown", architecture="unknown")
    attestation = Descriptor(media_type=media_types.MANIFEST, digest=Digest.of(b"x"), size=1, platform=unknown)
    manifests = tuple(
        Descriptor(media_type=d.media_type, digest=d.digest, size=d.size, platform=image.platform)
        for image in images
        for d in (image.descriptor,)
    )
    index = Index(schema_version=2, media_type=media_types.INDEX, manifests=(*manifests, attestation))
    return store.put_manifest(encode(index), media_types.INDEX, "1").digest


def test_index_gives_an_image_for_each_platform(tmp_path: Path) -> None:
    """Attestations that other tools put into an index are no images."""
    store = Layout(tmp_path)
    digest = two_platforms(store)
    descriptor, images = load_images(store, "1")
    assert descriptor.digest == digest
    assert [str(image.platform) for image in images] == ["linux/amd64", "linux/arm64"]
    assert load_image(store, digest, ARM).platform == ARM


def test_one_of_several_platforms_must_be_chosen(tmp_path: Path) -> None:
    """An index with several images and no platform is an error, and so is one that it lacks."""
    store = Layout(tmp_path)
    digest = two_platforms(store)
    with pytest.raises(ContentError, match="unnamed"):
        load_image(store, digest)
    with pytest.raises(ContentError, match="linux/s390x"):
        load_image(store, digest, Platform.parse("linux/s390x"))


def test_missing_image_is_not_found(tmp_path: Path) -> None:
    """An unknown tag names itself."""
    with pytest.raises(NotFoundError, match="nothing-here"):
        load_image(Layout(tmp_path), "nothing-here")


def test_artifact_is_not_an_image(tmp_path: Path) -> None:
    """A manifest with another configuration is refused by its type."""
    store = Layout(tmp_path)
    config = put_bytes(store, EMPTY_JSON, media_types.EMPTY)
    manifest = Manifest(schema_version=2, media_type=media_types.MANIFEST, config=config, layers=())
    descriptor = store.put_manifest(encode(manifest), media_types.MANIFEST)
    with pytest.raises(ContentError, match="not an image"):
        load_image(store, descriptor.digest)


def test_unknown_layer_type_is_refused(tmp_path: Path) -> None:
    """Layers that can't be read are named by their type before anything is."""
    store = Layout(tmp_path)
    odd = Descriptor(media_type="application/x-odd", digest=Digest.of(b""), size=0)
    with pytest.raises(ContentError, match="application/x-odd"):
        make_image(store, [odd], command=["x"])
