from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest
from tests.images import make_image, make_layer, put_weights

from tidegate.errors import ContentError, NotFoundError, UsageError
from tidegate.oci import media_types
from tidegate.oci.archive import Archive, open_local, write_archive
from tidegate.oci.digest import Digest
from tidegate.oci.image import Image, load_image, load_images
from tidegate.oci.layout import Layout
from tidegate.oci.local import LocalStore
from tidegate.oci.manifest import Index, encode
from tidegate.oci.store import put_bytes, read_blob


def write(store: Layout, reference: Digest | str, path: Path, tag: str | None = "digits:1") -> Path:
    with path.open("wb") as stream:
        write_archive(store, reference, tag, stream.write)
    return path


def docker_save(path: Path, image: Image, *, squeeze: bool = False, link: bool = False) -> Path:
    """What `docker save` writes: a configuration, uncompressed layers in folders, manifest.json."""
    config = read_blob(image.store, image.manifest.config.digest, 1 << 20)
    items: dict[str, bytes | str] = {"config.json": config}
    names = []
    for number, layer in enumerate(image.layers):
        data = read_blob(image.store, layer.descriptor.digest, 1 << 20)
        names.append(f"{number}/layer.tar")
        items[names[-1]] = gzip.compress(data) if squeeze else data
    if link:
        items["again/layer.tar"] = "../0/layer.tar"
        names[0] = "again/layer.tar"
    saved = [{"Config": "config.json", "RepoTags": ["digits:1", "digits:latest"], "Layers": names}]
    items["manifest.json"] = json.dumps(saved).encode()
    path.write_bytes(make_layer(items))
    return path


@pytest.fixture
def image(tmp_path: Path) -> Image:
    store = LocalStore(tmp_path / "store")
    weights = tmp_path / "weights.bin"
    weights.write_bytes(b"w" * 5000)
    return make_image(store, [make_layer({"a": b"1"}), put_weights(store, "models/w", weights)], command=["x"])


def test_written_archive_reads_back_with_the_same_digest(tmp_path: Path, image: Image) -> None:
    """Manifest, configuration and layers are the very bytes; files of weights are streamed in."""
    archive = Archive(write(LocalStore(tmp_path / "store"), image.digest, tmp_path / "out.tar"))
    assert archive.tags() == ["digits:1"]
    back = load_image(archive, "digits:1")
    assert back.digest == image.digest
    assert {e.path: c.read() if c else None for _, e, c in back.files()} == {"a": b"1", "models/w": b"w" * 5000}
    for layer in back.layers:
        assert Digest.of(read_blob(archive, layer.descriptor.digest, 1 << 20)) == layer.descriptor.digest


def test_archive_is_the_same_every_time(tmp_path: Path, image: Image) -> None:
    """No time, owner or order of this machine gets in."""
    store = LocalStore(tmp_path / "store")
    first, second = (write(store, image.digest, tmp_path / name) for name in ("1.tar", "2.tar"))
    assert first.read_bytes() == second.read_bytes()


def test_index_is_written_with_all_its_images(tmp_path: Path, image: Image) -> None:
    """An image for several platforms keeps its one digest."""
    store = LocalStore(tmp_path / "store")
    index = Index(schema_version=2, media_type=media_types.INDEX, manifests=(image.descriptor,))
    top = store.put_manifest(encode(index), media_types.INDEX)
    descriptor, images = load_images(Archive(write(store, top.digest, tmp_path / "out.tar")), top.digest)
    assert descriptor.digest == top.digest
    assert [one.digest for one in images] == [image.digest]


@pytest.mark.parametrize("link", [False, True])
def test_docker_archive_gets_a_manifest_over_its_own_layers(tmp_path: Path, image: Image, link: bool) -> None:
    """A layer that is named through a link, as docker does for one that it has twice, is found."""
    archive = Archive(docker_save(tmp_path / "saved.tar", image, link=link))
    assert archive.tags() == ["digits:1", "digits:latest"]
    back = load_image(archive, "digits:latest")
    assert [layer.descriptor.digest for layer in back.layers] == [layer.diff_id for layer in image.layers]
    assert [entry.path for _, entry, _ in back.files()] == ["models/w", "a"]


def test_compressed_layers_in_a_docker_archive_are_named_as_such(tmp_path: Path, image: Image) -> None:
    """Compression is found by looking, not by the file's name."""
    back = load_image(Archive(docker_save(tmp_path / "saved.tar", image, squeeze=True)), "digits:1")
    assert {layer.descriptor.media_type for layer in back.layers} == {media_types.LAYER_GZIP}
    assert [entry.path for _, entry, _ in back.files()] == ["models/w", "a"]


def test_what_an_archive_lacks_is_not_found(tmp_path: Path, image: Image) -> None:
    """A blob or image that isn't in it."""
    archive = Archive(write(LocalStore(tmp_path / "store"), image.digest, tmp_path / "out.tar"))
    assert archive.blob_size(Digest.of(b"x")) is None
    with pytest.raises(NotFoundError):
        archive.open_blob(Digest.of(b"x"))
    with pytest.raises(NotFoundError):
        archive.get_manifest("other:1")


def test_archive_can_not_be_added_to(tmp_path: Path, image: Image) -> None:
    """It is read where it lies."""
    archive = Archive(write(LocalStore(tmp_path / "store"), image.digest, tmp_path / "out.tar"))
    with pytest.raises(UsageError):
        put_bytes(archive, b"x", media_types.LAYER)
    with pytest.raises(UsageError):
        archive.put_manifest(b"{}", media_types.MANIFEST)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"not a tar file" * 100, "not a tar archive"),
        (gzip.compress(make_layer({"manifest.json": b"[]"})), "decompress it first"),
        (make_layer({"other": b""}), "neither an OCI archive nor a docker-archive"),
        (make_layer({"manifest.json": b"{"}), r"manifest\.json"),
        (make_layer({"manifest.json": b'[{"Config":"c","Layers":[]}]'}), "'c' is named in it"),
        (make_layer({"manifest.json": b'[{"Config":"c","Layers":["l"]}]', "c": b"{}"}), "c: "),
        (make_layer({"index.json": b"[]"}), r"index\.json"),
        (make_layer({"manifest.json": b" " * (5 << 20)}), "more than the"),
    ],
)
def test_broken_archives_are_refused(tmp_path: Path, data: bytes, message: str) -> None:
    """Each names the file and what is wrong with it."""
    path = tmp_path / "broken.tar"
    path.write_bytes(data)
    with pytest.raises(ContentError, match=message) as caught:
        Archive(path)
    assert str(path) in str(caught.value)


def test_torn_archive_is_refused(tmp_path: Path, image: Image) -> None:
    """A download that was cut off is no shorter image."""
    path = write(LocalStore(tmp_path / "store"), image.digest, tmp_path / "out.tar")
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises((ContentError, NotFoundError)):
        load_image(Archive(path), image.digest)


def test_path_may_be_a_folder_or_a_file(tmp_path: Path, image: Image) -> None:
    """A layout and an archive are both local images; nothing there is not found."""
    store = LocalStore(tmp_path / "store")
    path = write(store, image.digest, tmp_path / "out.tar")
    assert load_image(open_local(path), image.digest).digest == load_image(open_local(store.path), image.digest).digest
    with pytest.raises(NotFoundError):
        open_local(tmp_path / "missing")


def test_file_that_shrinks_while_it_is_written_is_found(tmp_path: Path) -> None:
    """A blob shorter than its descriptor never ends up in an archive unnoticed."""
    store = Layout(tmp_path / "store")
    image = make_image(store, [make_layer({"a": b"1" * 5000})], command=["x"])
    store.blob_path(image.layers[0].descriptor.digest).write_bytes(b"short")
    with pytest.raises(ContentError, match="not the"):
        write_archive(store, image.digest, None, io.BytesIO().write)


def test_archive_has_plain_members_only(tmp_path: Path, image: Image) -> None:
    """What docker and skopeo expect to find."""
    path = write(LocalStore(tmp_path / "store"), image.digest, tmp_path / "out.tar")
    with tarfile.open(path) as archive:
        names = archive.getnames()
    assert names[:3] == ["oci-layout", "index.json", "manifest.json"]
    assert all(name.startswith("blobs/sha256/") for name in names[3:])
