from __future__ import annotations

from pathlib import Path

import pytest
from tests.images import make_layer

from tidegate.build.image import NewLayer, Stack, execution, put_image, put_index
from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor, Platform
from tidegate.oci.digest import Digest
from tidegate.oci.image import Image, Layer, load_image
from tidegate.oci.layout import Layout
from tidegate.oci.manifest import Execution, History, ImageConfig, RootFS
from tidegate.oci.store import put_bytes
from tidegate.project.config import Build

AMD = Platform.parse("linux/amd64")
CREATED = "2026-01-02T03:04:05Z"


def layer(store: Layout, name: str, media_type: str = media_types.LAYER) -> Layer:
    descriptor = put_bytes(store, make_layer({name: b""}), media_type)
    return Layer(
        Descriptor(media_type=media_type, digest=descriptor.digest, size=descriptor.size, annotations={"a": "b"}),
        descriptor.digest,
    )


def make(store: Layout, history: tuple[History, ...] = (), base_type: str = media_types.LAYER) -> Image:
    below, above = layer(store, "base", base_type), layer(store, "code")
    base = ImageConfig(architecture="amd64", os="linux", rootfs=RootFS(diff_ids=(below.diff_id,)), history=history)
    stack = Stack(AMD, base, (below,), (NewLayer(above, "code"),))
    descriptor = put_image(store, stack, Execution(cmd=("x",)), CREATED, {"z": "1", "a": "2"})
    assert descriptor.platform == AMD
    return load_image(store, descriptor.digest)


def test_layers_are_those_of_base_and_model(tmp_path: Path) -> None:
    """In order, with diff_ids to match and no one else's annotations."""
    image = make(Layout(tmp_path))
    assert [entry.path for _, entry, _ in image.files()] == ["code", "base"]
    assert [layer.descriptor.annotations for layer in image.layers] == [{}, {}]
    assert image.config.created == CREATED
    assert image.manifest.annotations == {"a": "2", "z": "1"}


@pytest.mark.parametrize(
    ("history", "comments"),
    [
        ((), ["base", "code"]),
        ((History(comment="FROM x"), History(comment="ENV", empty_layer=True)), ["FROM x", "ENV", "code"]),
        ((History(comment="one"), History(comment="too many")), ["base", "code"]),
    ],
)
def test_history_fits_the_layers(tmp_path: Path, history: tuple[History, ...], comments: list[str]) -> None:
    """Docker refuses an image whose history doesn't."""
    image = make(Layout(tmp_path), history)
    assert [entry.comment for entry in image.config.history] == comments


def test_docker_types_become_oci_types(tmp_path: Path) -> None:
    """An OCI manifest has OCI layers."""
    image = make(Layout(tmp_path), base_type=media_types.DOCKER_LAYER)
    assert {layer.descriptor.media_type for layer in image.layers} == {media_types.LAYER}


def test_index_lists_the_platforms(tmp_path: Path) -> None:
    """Each image by its platform."""
    store = Layout(tmp_path)
    entry = Descriptor(
        media_type=media_types.MANIFEST, digest=make(store).digest, size=store.blob_size(make(store).digest) or 0,
        platform=AMD,
    )  # fmt: skip
    top = put_index(store, [entry], {"a": "1"})
    assert load_image(store, top.digest, AMD).digest == entry.digest


BASE = Execution(
    user="root",
    env=("PATH=/bin", "A=1"),
    entrypoint=("/entry",),
    cmd=("old",),
    labels={"maintainer": "x", "org.opencontainers.image.version": "3.12", "org.opencontainers.image.title": "base"},
    exposed_ports={"80/tcp": {}},
    stop_signal="SIGINT",
)


def test_command_replaces_the_bases_entrypoint() -> None:
    """A model's command is the whole command."""
    build = Build(command=("python3", "app.py"), env={"B": "2", "A": "3"}, port=8080, user=7, workdir="/w")
    made = execution(build, BASE, {"org.opencontainers.image.version": "1.0"})
    assert (made.entrypoint, made.cmd) == (None, ("python3", "app.py"))
    assert made.env == ("PATH=/bin", "A=3", "B=2")
    assert (made.user, made.working_dir, made.stop_signal) == ("7:7", "/w", "SIGINT")
    assert made.exposed_ports == {"80/tcp": {}, "8080/tcp": {}}
    assert made.labels == {"maintainer": "x", "org.opencontainers.image.version": "1.0"}


def test_without_a_command_the_base_starts_as_it_does() -> None:
    """A base that is a server stays one."""
    made = execution(Build(), BASE, {})
    assert (made.entrypoint, made.cmd) == (("/entry",), ("old",))


def test_dockerfile_keeps_its_own_user_and_folder() -> None:
    """What a Dockerfile says isn't said again."""
    made = execution(Build(dockerfile="Dockerfile"), BASE, {})
    assert (made.user, made.working_dir) == ("root", "")


def test_digest_is_pinned(tmp_path: Path) -> None:
    """The same inputs give the same manifest in every version; a change here is a change of every digest."""
    assert make(Layout(tmp_path)).digest == Digest(
        "sha256:a51173c7fc6aa2b2ec5957cc67d6b646022b309b57b8e25e30fb8c13ee5cdb52"
    )
