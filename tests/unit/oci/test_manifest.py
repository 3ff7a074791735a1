from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.errors import ContentError
from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor, Platform
from tidegate.oci.digest import Digest
from tidegate.oci.manifest import EMPTY_DESCRIPTOR, ImageConfig, Index, Manifest, decode, decode_manifest, encode

LAYER = Descriptor(media_type=media_types.LAYER, digest=Digest.of(b"layer"), size=5)
MANIFEST = Manifest(schema_version=2, media_type=media_types.MANIFEST, config=EMPTY_DESCRIPTOR, layers=(LAYER,))


def test_manifest_survives_the_round_trip() -> None:
    """Encoding is the inverse of decoding, and stable."""
    data = encode(MANIFEST)
    assert decode_manifest(data, media_types.MANIFEST, "here") == MANIFEST
    assert encode(decode(data, Manifest, "here")) == data
    assert data.startswith(b'{"schemaVersion":2,"mediaType":')


def test_index_selects_by_platform() -> None:
    """The first manifest for the platform is taken; none is None."""
    arm = msgspec.structs.replace(LAYER, platform=Platform.parse("linux/arm64"))
    index = Index(schema_version=2, manifests=(LAYER, arm))
    assert index.select(Platform.parse("linux/arm64")) == arm
    assert index.select(Platform.parse("linux/amd64")) is None


@pytest.mark.parametrize(
    ("data", "media_type", "message"),
    [
        (b"{}", media_types.MANIFEST, "schemaVersion"),
        (b"[", media_types.MANIFEST, "here"),
        (b"\xff\xfe", media_types.INDEX, "here"),
        (encode(MANIFEST), media_types.INDEX, "manifests"),
        (encode(MANIFEST), "text/plain", "not supported"),
        (encode(MANIFEST).replace(b'"schemaVersion":2', b'"schemaVersion":1'), media_types.MANIFEST, "version 1"),
        (encode(MANIFEST), media_types.DOCKER_MANIFEST, "served as"),
        (encode(MANIFEST).replace(b'"size":5', b'"size":-5'), media_types.MANIFEST, "negative"),
        (encode(MANIFEST).replace(b"sha256:", b"sha257:"), media_types.MANIFEST, "not a digest"),
    ],
)
def test_broken_and_lying_manifests_are_refused(data: bytes, media_type: str, message: str) -> None:
    """Each names where it was found and what is wrong."""
    with pytest.raises(ContentError, match=message) as caught:
        decode_manifest(data, media_type, "here")
    assert caught.value.message.startswith("here")


def test_too_large_a_document_is_not_parsed() -> None:
    """The limit holds before parsing."""
    with pytest.raises(ContentError, match="more than the 10"):
        decode(b"{}" + b" " * 10, ImageConfig, "here", 10)


@given(st.binary(max_size=300))
def test_arbitrary_bytes_give_one_kind_of_error(data: bytes) -> None:
    """Nothing but ContentError comes out of a manifest from outside."""
    for media_type in (media_types.MANIFEST, media_types.INDEX):
        with pytest.raises(ContentError):
            decode_manifest(data, media_type, "here")


def test_deeply_nested_json_is_refused() -> None:
    """A bracket bomb ends in an error, not in a crash."""
    with pytest.raises(ContentError):
        decode(b"[" * 100_000, Manifest, "here")
