"""Copying whole images: order, evidence, failure and interruption."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.scripted_registry import Handler, Script, scripted_registry
from tests.servers import docker_registry, open_remote

from tidegate.distribution.artifact import put_artifact
from tidegate.distribution.copy import copy_image
from tidegate.distribution.progress import Outcome
from tidegate.errors import NotFoundError, RegistryError, SourceChanged
from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor, Platform
from tidegate.oci.digest import BLOCK, Digest
from tidegate.oci.layout import Layout
from tidegate.oci.local import LocalStore
from tidegate.oci.manifest import EMPTY_JSON, Index, Manifest, encode
from tidegate.oci.recipe import FilePart, Literal, Recipe
from tidegate.oci.store import put_bytes, read_blob


@pytest.fixture
def registry() -> Iterator[Script]:
    with scripted_registry() as script:
        yield script


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """An index of two images that share a layer, with evidence beside one of them."""
    layout = Layout(tmp_path / "layout")
    shared = put_bytes(layout, os.urandom(3 * BLOCK), media_types.LAYER)
    images = []
    for architecture in ("amd64", "arm64"):
        image = put_image(layout, [shared, put_bytes(layout, architecture.encode(), media_types.LAYER)])
        images.append(with_platform(image, architecture))
    index = Index(schema_version=2, media_type=media_types.INDEX, manifests=tuple(images))
    layout.put_manifest(encode(index), media_types.INDEX, "v1")
    put_artifact(layout, images[0], "application/vnd.acme.a", b"[1]", media_type="application/json", annotations={})
    return layout


def put_image(store: Layout, layers: list[Descriptor]) -> Descriptor:
    config = put_bytes(store, EMPTY_JSON, media_types.CONFIG)
    manifest = Manifest(schema_version=2, media_type=media_types.MANIFEST, config=config, layers=tuple(layers))
    return store.put_manifest(encode(manifest), media_types.MANIFEST)


def with_platform(image: Descriptor, architecture: str) -> Descriptor:
    platform = Platform(os="linux", architecture=architecture)
    return Descriptor(media_type=image.media_type, digest=image.digest, size=image.size, platform=platform)


def test_blobs_come_before_manifests_and_tags_last(registry: Script, layout: Layout) -> None:
    """The largest blob first, each blob once, the index after its images."""
    summary = copy_image(layout, "v1", open_remote(registry.address, "acme/digits"), tags=["v1", "latest"], jobs=1)
    puts = [seen.path for seen in registry.seen if seen.method == "PUT"]
    manifests = [path for path in puts if "/manifests/" in path]
    assert puts[-len(manifests) :] == manifests
    assert [path.rpartition("/")[2] for path in manifests[-3:]] == [summary.descriptor.digest, "v1", "latest"]
    assert str(3 * BLOCK) == next(seen for seen in registry.seen if seen.method == "PUT").headers["content-length"]
    assert summary.blobs == {Outcome.SENT: 4, Outcome.MOUNTED: 0, Outcome.SKIPPED: 0}


def test_a_second_copy_sends_nothing(registry: Script, layout: Layout) -> None:
    """Blobs and tags that are there are left alone: an immutable tag doesn't fail a rerun."""
    remote = open_remote(registry.address, "acme/digits")
    first = copy_image(layout, "v1", remote, tags=["v1"])
    registry.seen.clear()
    second = copy_image(layout, "v1", remote, tags=["v1"])
    assert second.sizes == {Outcome.SENT: 0, Outcome.MOUNTED: 0, Outcome.SKIPPED: first.sizes[Outcome.SENT]}
    assert registry.count("PUT", "uploads|manifests/v1") == 0


def test_without_tags_none_is_moved(registry: Script, layout: Layout) -> None:
    """The image can be had by its digest alone."""
    remote = open_remote(registry.address, "acme/digits")
    summary = copy_image(layout, "v1", remote)
    assert list(remote.tags()) == []
    assert remote.get_manifest(summary.descriptor.digest).digest == summary.descriptor.digest


def test_evidence_goes_along_when_asked(registry: Script, layout: Layout, tmp_path: Path) -> None:
    """Also of the images inside an index, there and back again."""
    remote = open_remote(registry.address, "acme/digits")
    copy_image(layout, "v1", remote, tags=["v1"], evidence=True)
    back = Layout(tmp_path / "back")
    copy_image(remote, "v1", back, evidence=True)
    subject = next(d for d in layout.index().manifests if d.artifact_type is None)
    assert list(back.referrers(subject.digest)) == list(layout.referrers(subject.digest)) != []


def test_a_failure_stops_the_rest_and_leaves_no_tag(registry: Script, layout: Layout) -> None:
    """The first error is the one that is raised."""
    registry.fault("PUT", "uploads", lambda handler: handler.refuse(403, "DENIED", "quota"), times=9)
    with pytest.raises(RegistryError, match="quota"):
        copy_image(layout, "v1", open_remote(registry.address, "acme/digits"), tags=["v1"])
    assert registry.manifests == {}


def test_a_failure_ends_uploads_that_are_under_way(registry: Script, tmp_path: Path) -> None:
    """The first failure wins over a transfer that would go on for long."""
    layout = Layout(tmp_path / "layout")
    failing = put_bytes(layout, bytes(2 * BLOCK), media_types.LAYER)
    slow = put_bytes(layout, bytes(64 * BLOCK), media_types.LAYER)
    image = put_image(layout, [failing, slow])
    arrived, failed = threading.Event(), threading.Event()

    def crawl(handler: Handler) -> bool:
        arrived.set()
        failed.wait(10)
        handler.rfile.read(BLOCK)
        return handler.cut()

    def fail(handler: Handler) -> bool:
        arrived.wait(10)
        handler.refuse(403, "DENIED", "quota")
        failed.set()
        return True

    registry.fault("PUT", slow.digest.hex, crawl)
    registry.fault("PUT", failing.digest.hex, fail)
    with pytest.raises(RegistryError, match="quota"):
        copy_image(layout, image.digest, open_remote(registry.address, "acme/digits"))
    assert slow.digest not in registry.blobs


def test_a_source_without_a_blob_is_named(registry: Script, layout: Layout) -> None:
    """A sparse layout can't be pushed whole."""
    blob = max((layout.path / "blobs/sha256").iterdir(), key=lambda path: path.stat().st_size)
    blob.unlink()
    with pytest.raises(NotFoundError, match=blob.name):
        copy_image(layout, "v1", open_remote(registry.address, "acme/digits"), tags=["v1"])
    assert registry.manifests == {}


def test_weights_that_changed_leave_no_image(registry: Script, tmp_path: Path) -> None:
    """A recipe over a file that is not the one that was hashed."""
    weights = tmp_path / "weights.bin"
    weights.write_bytes(os.urandom(2 * BLOCK))
    recipe = Recipe((FilePart.of(weights), Literal(b"end")))
    store = LocalStore(tmp_path / "store")
    digest = Digest.of(weights.read_bytes() + b"end")
    store.put_recipe(digest, recipe)
    image = put_image(store, [Descriptor(media_type=media_types.LAYER, digest=digest, size=recipe.size)])
    weights.write_bytes(b"other")
    with pytest.raises(SourceChanged, match=r"weights\.bin"):
        copy_image(store, image.digest, open_remote(registry.address, "acme/digits"), tags=["v1"])
    assert registry.manifests == {}


class Recorder:
    """Progress that is written down."""

    def __init__(self) -> None:
        self.planned = (0, 0)
        self.positions: dict[Digest, list[int]] = {}
        self.outcomes: dict[Digest, Outcome] = {}

    def plan(self, blobs: int, size: int) -> None:
        self.planned = blobs, size

    def begin(self, blob: Descriptor) -> None:
        self.positions[blob.digest] = [0]

    def at(self, blob: Descriptor, position: int) -> None:
        self.positions[blob.digest].append(position)

    def end(self, blob: Descriptor, outcome: Outcome) -> None:
        self.outcomes[blob.digest] = outcome


def test_progress_tells_every_blob_to_its_end(registry: Script, layout: Layout) -> None:
    """Planned, begun, measured in bytes, ended."""
    recorder = Recorder()
    copy_image(layout, "v1", open_remote(registry.address, "acme/digits"), progress=recorder)
    assert recorder.planned[0] == len(recorder.outcomes) == 4
    assert recorder.planned[1] == sum(positions[-1] for positions in recorder.positions.values())
    assert set(recorder.outcomes.values()) == {Outcome.SENT}


@pytest.mark.needs("docker-registry")
def test_blobs_are_mounted_from_a_neighbour(tmp_path: Path, layout: Layout) -> None:
    """A repository of the same registry that has them is named; one that hasn't does no harm."""
    with docker_registry(tmp_path / "registry") as server:
        copy_image(layout, "v1", open_remote(server.address, "acme/first"))
        second = open_remote(server.address, "acme/second", mount_from=["acme/none", "acme/first"])
        summary = copy_image(layout, "v1", second, tags=["v1"])
        assert summary.blobs == {Outcome.SENT: 0, Outcome.MOUNTED: 4, Outcome.SKIPPED: 0}
        layer = Digest.of(b"amd64")
        assert read_blob(second, layer, 10) == b"amd64"


def test_a_mount_that_is_not_done_goes_on_as_an_upload(registry: Script, layout: Layout) -> None:
    """202 opens a session, and it is the one that is used."""
    remote = open_remote(registry.address, "acme/digits", mount_from=["acme/base"])
    registry.fault("HEAD", "acme/base/blobs", lambda handler: handler.answer(200), times=9)
    summary = copy_image(layout, "v1", remote)
    assert summary.blobs[Outcome.SENT] == 4
    assert registry.count("POST") == registry.count("POST", "mount=.*from=acme%2Fbase") == 4


_PUSH = """
import sys
from pathlib import Path
from tests.servers import open_remote
from tidegate.distribution.copy import copy_image
from tidegate.oci.layout import Layout
copy_image(Layout(Path(sys.argv[1])), "v1", open_remote(sys.argv[2], "acme/digits"), tags=["v1"])
"""


def test_an_interrupt_ends_a_push_that_hangs(registry: Script, layout: Layout) -> None:
    """Ctrl-C while a registry doesn't answer: the process ends, and no tag is there."""
    arrived, over = threading.Event(), threading.Event()

    def hang(handler: Handler) -> bool:
        arrived.set()
        over.wait(60)
        return handler.cut()

    registry.fault("PUT", "uploads", hang, times=9)
    command = [sys.executable, "-c", _PUSH, str(layout.path), registry.address]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        try:
            assert arrived.wait(30)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=20)
        finally:
            process.kill()
            over.set()
    assert b"KeyboardInterrupt" in errors
    assert registry.manifests == {}
