"""What every content store does alike: a layout, the local store, remote registries, and our own storage."""

from __future__ import annotations

import io
import os

import pytest

from tidegate.distribution.artifact import put_artifact
from tidegate.errors import ContentError, DigestMismatch, Error, NotFoundError
from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.digest import BLOCK, Digest
from tidegate.oci.manifest import EMPTY_JSON, Index, Manifest, encode
from tidegate.oci.store import ContentStore, put_bytes, read_blob

ABSENT = Digest.of(b"not there")
TYPE_A, TYPE_B = "application/vnd.acme.a", "application/vnd.acme.b"


def put_image(store: ContentStore, content: bytes = b"layer", tag: str | None = None) -> Descriptor:
    manifest = Manifest(
        schema_version=2,
        media_type=media_types.MANIFEST,
        config=put_bytes(store, EMPTY_JSON, media_types.CONFIG),
        layers=(put_bytes(store, content, media_types.LAYER),),
    )
    return store.put_manifest(encode(manifest), media_types.MANIFEST, tag)


def put_evidence(store: ContentStore, subject: Descriptor, kind: str, data: bytes) -> Descriptor:
    return put_artifact(store, subject, kind, data, media_type="application/json", annotations={"say": "hello"})


def test_a_stored_blob_reads_back(store: ContentStore) -> None:
    """Bytes over several blocks come back as they went in."""
    data = os.urandom(2 * BLOCK + 7)
    blob = put_bytes(store, data, media_types.LAYER)
    assert store.blob_size(blob.digest) == len(data)
    assert read_blob(store, blob.digest, len(data)) == data


def test_an_empty_blob_is_a_blob(store: ContentStore) -> None:
    """Zero bytes have a digest and can be stored."""
    blob = put_bytes(store, b"", media_types.LAYER)
    assert store.blob_size(blob.digest) == 0
    assert read_blob(store, blob.digest, 10) == b""


def test_an_absent_blob_has_no_size(store: ContentStore) -> None:
    """Absence is None, not an error."""
    assert store.blob_size(ABSENT) is None


def test_opening_an_absent_blob_says_that_it_is_not_there(store: ContentStore) -> None:
    """The error names the digest."""
    with pytest.raises(NotFoundError, match=ABSENT.hex):
        store.open_blob(ABSENT)


@pytest.mark.parametrize("offset", [0, 1, BLOCK, BLOCK + 3])
def test_a_blob_is_read_from_an_offset(store: ContentStore, offset: int) -> None:
    """Reading can start in the middle."""
    data = os.urandom(BLOCK + 10)
    blob = put_bytes(store, data, media_types.LAYER)
    found = b""
    with store.open_blob(blob.digest, offset) as stream:
        while part := stream.read(BLOCK):
            found += part
    assert found == data[offset:]


@pytest.mark.parametrize("data", [b"other bytes", b"longer than it was promised", b"short"])
def test_bytes_that_do_not_match_their_digest_are_refused(store: ContentStore, data: bytes) -> None:
    """Nothing is visible of a blob whose bytes are others, more, or fewer than promised."""
    digest = Digest.of(b"right bytes")
    with pytest.raises(DigestMismatch):
        store.put_blob(digest, len(b"right bytes"), lambda offset: io.BytesIO(data[offset:]))
    assert store.blob_size(digest) is None


def test_a_source_that_fails_leaves_nothing(store: ContentStore) -> None:
    """What the source raises comes through, and no blob appears."""
    data = os.urandom(3 * BLOCK)

    class Failing(io.BytesIO):
        def readinto(self, buffer: object) -> int:
            if self.tell() >= BLOCK:
                raise ContentError("the source broke")
            return super().readinto(buffer)  # type: ignore[arg-type] # any buffer

    with pytest.raises(Error):
        store.put_blob(Digest.of(data), len(data), lambda _: Failing(data))
    assert store.blob_size(Digest.of(data)) is None


def test_a_blob_that_is_there_is_not_read_again(store: ContentStore) -> None:
    """Storing twice opens the source once."""
    data, opened = b"weights", []

    def source(offset: int) -> io.BytesIO:
        opened.append(offset)
        return io.BytesIO(data[offset:])

    for _ in range(2):
        store.put_blob(Digest.of(data), len(data), source)
    assert opened == [0]


def test_a_manifest_is_kept_to_the_byte(store: ContentStore) -> None:
    """White space and order survive, and with them the digest."""
    blob = put_bytes(store, EMPTY_JSON, media_types.CONFIG)
    data = b'{ "schemaVersion": 2,\n "layers": [], "config": ' + encode(blob) + b"}"
    descriptor = store.put_manifest(data, media_types.MANIFEST)
    document = store.get_manifest(descriptor.digest)
    assert (document.data, document.media_type) == (data, media_types.MANIFEST)
    assert document.digest == Digest.of(data) == descriptor.digest


def test_a_tag_leads_to_its_manifest(store: ContentStore) -> None:
    """By tag and by digest it is the same document."""
    descriptor = put_image(store, tag="v1")
    assert store.get_manifest("v1") == store.get_manifest(descriptor.digest)


def test_a_tag_moves(store: ContentStore) -> None:
    """The last one wins; the first image stays, without the tag."""
    first = put_image(store, b"one", tag="latest")
    second = put_image(store, b"two", tag="latest")
    assert store.get_manifest("latest").digest == second.digest
    assert store.get_manifest(first.digest).digest == first.digest
    assert list(store.tags()) == ["latest"]


def test_tags_are_sorted(store: ContentStore) -> None:
    """Whatever the order in which they were made, one image may have several."""
    for tag in ("v2", "v10", "a_b.c-d"):
        put_image(store, tag=tag)
    assert list(store.tags()) == ["a_b.c-d", "v10", "v2"]


def test_a_store_without_images_has_no_tags(store: ContentStore) -> None:
    """A repository that nobody pushed to is empty."""
    assert list(store.tags()) == []


@pytest.mark.parametrize("reference", ["nothing", ABSENT])
def test_an_absent_manifest_is_not_found(store: ContentStore, reference: Digest | str) -> None:
    """By tag and by digest."""
    put_image(store)
    with pytest.raises(NotFoundError, match=str(reference)):
        store.get_manifest(reference)


def test_what_is_no_manifest_is_refused(store: ContentStore) -> None:
    """Not JSON, or of a type that nobody knows."""
    with pytest.raises(ContentError):
        store.put_manifest(b"not json", media_types.MANIFEST, "v1")
    with pytest.raises(ContentError):
        store.put_manifest(b"{}", "application/json", "v1")
    assert list(store.tags()) == []


def test_an_index_holds_images(store: ContentStore) -> None:
    """Its images are found by digest."""
    image = put_image(store)
    index = Index(schema_version=2, media_type=media_types.INDEX, manifests=(image,))
    descriptor = store.put_manifest(encode(index), media_types.INDEX, "all")
    assert store.get_manifest("all").descriptor == descriptor
    assert store.get_manifest(image.digest).digest == image.digest


def test_referrers_are_listed_with_type_and_annotations(store: ContentStore) -> None:
    """Those of this subject only, and of one type when asked."""
    image, other = put_image(store, b"one"), put_image(store, b"two")
    a = put_evidence(store, image, TYPE_A, b"[1]")
    b = put_evidence(store, image, TYPE_B, b"[2]")
    put_evidence(store, other, TYPE_A, b"[3]")
    found = store.referrers(image.digest)
    assert {d.digest for d in found} == {a.digest, b.digest}
    assert [d.digest for d in store.referrers(image.digest, TYPE_B)] == [b.digest]
    assert {(d.artifact_type, d.annotations["say"]) for d in found} == {(TYPE_A, "hello"), (TYPE_B, "hello")}


def test_a_referrer_that_is_stored_twice_is_listed_once(store: ContentStore) -> None:
    """A rerun changes nothing."""
    image = put_image(store)
    first = put_evidence(store, image, TYPE_A, b"[1]")
    assert put_evidence(store, image, TYPE_A, b"[1]") == first
    assert [d.digest for d in store.referrers(image.digest)] == [first.digest]


def test_nothing_refers_to_what_is_not_there(store: ContentStore) -> None:
    """An empty list, not an error."""
    assert list(store.referrers(ABSENT)) == []


def test_a_referrer_may_come_before_its_subject(store: ContentStore) -> None:
    """The subject's bytes need not be there."""
    subject = Descriptor(media_type=media_types.MANIFEST, digest=ABSENT, size=10)
    evidence = put_evidence(store, subject, TYPE_A, b"[1]")
    assert [d.digest for d in store.referrers(ABSENT)] == [evidence.digest]


def test_sha512_names_a_blob(store: ContentStore) -> None:
    """The other algorithm of the specification works, or is refused in words."""
    digest = Digest.of(b"content", "sha512")
    store.put_blob(digest, 7, lambda offset: io.BytesIO(b"content"[offset:]))
    assert read_blob(store, digest, 10) == b"content"
