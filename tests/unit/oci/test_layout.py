from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from tests.images import make_image, make_layer

from tidegate.errors import ContentError, DigestMismatch, NotFoundError, StorageError
from tidegate.oci import media_types
from tidegate.oci.digest import Digest
from tidegate.oci.layout import Layout
from tidegate.oci.manifest import EMPTY_DESCRIPTOR, EMPTY_JSON, Index, Manifest, encode
from tidegate.oci.store import put_bytes, read_blob


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_folder_follows_the_image_layout_specification(tmp_path: Path) -> None:
    """Marker, index and blobs are where every other tool looks."""
    layout = Layout(tmp_path / "layout")
    image = make_image(layout, [make_layer({"a": b"1"})], command=["x"], tag="1")
    assert json.loads((layout.path / "oci-layout").read_bytes()) == {"imageLayoutVersion": "1.0.0"}
    index = json.loads((layout.path / "index.json").read_bytes())
    assert [(m["digest"], m["annotations"]) for m in index["manifests"]] == [
        (image.digest, {"org.opencontainers.image.ref.name": "1"})
    ]
    assert files(layout.path) == {"oci-layout", "index.json"} | {
        f"blobs/sha256/{digest.hex}"
        for digest in (image.digest, image.manifest.config.digest, image.layers[0].descriptor.digest)
    }


def test_lying_blob_leaves_nothing_behind(tmp_path: Path) -> None:
    """A blob appears only when its bytes were right."""
    layout = Layout(tmp_path)
    digest = Digest.of(b"true")
    with pytest.raises(DigestMismatch):
        layout.put_blob(digest, 4, lambda offset: io.BytesIO(b"lies"[offset:]))
    assert layout.blob_size(digest) is None
    assert files(tmp_path) == {"oci-layout"}


def test_growing_blob_is_named_by_its_digest(tmp_path: Path) -> None:
    """A blob whose digest isn't known before can be written in one pass."""
    layout = Layout(tmp_path)
    with layout.growing_blob() as blob:
        blob.write(b"he")
        blob.write(memoryview(b"llo"))
    assert (blob.digest, blob.size) == (Digest.of(b"hello"), 5)
    assert read_blob(layout, blob.digest, 10) == b"hello"


def test_growing_blob_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """An exception in the middle takes the bytes with it."""

    def fail() -> None:
        with Layout(tmp_path).growing_blob() as blob:
            blob.write(b"half")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert files(tmp_path) == {"oci-layout"}


def test_tag_moves_to_the_last_image(tmp_path: Path) -> None:
    """A tag names one image at a time; the other stays, by digest."""
    layout = Layout(tmp_path)
    first = make_image(layout, [make_layer({"a": b"1"})], command=["x"], tag="latest")
    second = make_image(layout, [make_layer({"a": b"2"})], command=["x"], tag="latest")
    assert layout.tags() == ["latest"]
    assert layout.get_manifest("latest").digest == second.digest
    assert layout.get_manifest(first.digest).digest == first.digest


def test_image_inside_an_index_need_not_be_listed(tmp_path: Path) -> None:
    """Other tools list the index alone."""
    layout = Layout(tmp_path)
    image = make_image(layout, [make_layer({})], command=["x"])
    inner = Index(schema_version=2, media_type=media_types.INDEX, manifests=(image.descriptor,))
    outer = layout.put_manifest(encode(inner), media_types.INDEX)
    listing = Index(schema_version=2, media_type=media_types.INDEX, manifests=(outer,))
    (tmp_path / "index.json").write_bytes(encode(listing))
    assert layout.get_manifest(image.digest).digest == image.digest


def test_referrers_are_found_by_subject_and_type(tmp_path: Path) -> None:
    """Evidence comes with its type and annotations."""
    layout = Layout(tmp_path)
    image = make_image(layout, [make_layer({})], command=["x"])
    put_bytes(layout, EMPTY_JSON, media_types.EMPTY)
    for kind in ("application/x-a", "application/x-b"):
        evidence = Manifest(
            schema_version=2,
            media_type=media_types.MANIFEST,
            artifact_type=kind,
            config=EMPTY_DESCRIPTOR,
            layers=(EMPTY_DESCRIPTOR,),
            subject=image.descriptor,
            annotations={"kind": kind},
        )
        layout.put_manifest(encode(evidence), media_types.MANIFEST)
    assert {d.artifact_type for d in layout.referrers(image.digest)} == {"application/x-a", "application/x-b"}
    (found,) = layout.referrers(image.digest, "application/x-a")
    assert found.annotations == {"kind": "application/x-a"}


def test_tampered_manifest_is_refused(tmp_path: Path) -> None:
    """Bytes on disk are compared with the digest that names them."""
    layout = Layout(tmp_path)
    image = make_image(layout, [make_layer({})], command=["x"])
    path = layout.blob_path(image.digest)
    path.write_bytes(path.read_bytes().replace(b"amd64", b"AMD64") + b" ")
    with pytest.raises(DigestMismatch):
        layout.get_manifest(image.digest)


@pytest.mark.parametrize("data", [b"", b"[]", b'{"manifests": 1}'])
def test_broken_index_names_its_file(tmp_path: Path, data: bytes) -> None:
    """A torn index.json is a content error."""
    (tmp_path / "oci-layout").write_bytes(b"{}")
    (tmp_path / "index.json").write_bytes(data)
    with pytest.raises(ContentError, match=r"index\.json"):
        Layout.existing(tmp_path).tags()


def test_folder_without_marker_is_no_layout(tmp_path: Path) -> None:
    """A wrong path is told apart from an empty layout."""
    with pytest.raises(NotFoundError, match="not an OCI image layout"):
        Layout.existing(tmp_path)


def test_place_that_can_not_be_written_is_a_storage_error(tmp_path: Path) -> None:
    """A file where the folder should be is the disk's failure, not a traceback."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError):
        put_bytes(Layout(tmp_path / "file" / "layout"), b"x", media_types.LAYER)
