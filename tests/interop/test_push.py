"""What Tidegate pushes, other tools read; what they push, Tidegate reads."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.servers import docker_registry, embedded_registry, open_remote

from tidegate.distribution.artifact import put_artifact
from tidegate.distribution.copy import copy_image
from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.digest import Digest
from tidegate.oci.image import load_image
from tidegate.oci.layout import Layout
from tidegate.oci.local import LocalStore
from tidegate.oci.manifest import ImageConfig, Manifest, RootFS, encode
from tidegate.oci.recipe import FilePart, Literal, Recipe
from tidegate.oci.store import put_bytes, read_blob

pytestmark = [pytest.mark.needs("skopeo"), pytest.mark.needs("docker-registry")]


@pytest.fixture(params=["docker-registry", "embedded"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    start = docker_registry if request.param == "docker-registry" else embedded_registry
    with start(tmp_path / "registry") as server:
        yield server.address


@pytest.fixture
def image(tmp_path: Path) -> tuple[LocalStore, Descriptor]:
    """An image whose weights are a recipe over a file, with evidence beside it."""
    weights = tmp_path / "weights.bin"
    weights.write_bytes(os.urandom(3 << 20))
    store = LocalStore(tmp_path / "store")
    digest = Digest.of(weights.read_bytes() + bytes(1024))
    recipe = Recipe((FilePart.of(weights), Literal(bytes(1024))))
    store.put_recipe(digest, recipe)
    layer = Descriptor(media_type=media_types.LAYER, digest=digest, size=recipe.size)
    config = ImageConfig(architecture="amd64", os="linux", rootfs=RootFS(diff_ids=(digest,)))
    manifest = Manifest(
        schema_version=2,
        media_type=media_types.MANIFEST,
        config=put_bytes(store, encode(config), media_types.CONFIG),
        layers=(layer,),
    )
    descriptor = store.put_manifest(encode(manifest), media_types.MANIFEST, "v1")
    put_artifact(store, descriptor, "application/vnd.acme.a", b"[1]", media_type="application/json", annotations={})
    return store, descriptor


def skopeo(home: Path, *arguments: str) -> str:
    environ = {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_RUNTIME_DIR": str(home), "TMPDIR": str(home)}
    command = ["skopeo", "--insecure-policy", *arguments]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_skopeo_reads_what_was_pushed(address: str, image: tuple[LocalStore, Descriptor], tmp_path: Path) -> None:
    """Inspected by tag, and copied out with every byte."""
    store, descriptor = image
    copy_image(store, "v1", open_remote(address, "acme/digits"), tags=["v1", "latest"], evidence=True)
    place = f"docker://{address}/acme/digits:v1"
    shown = json.loads(skopeo(tmp_path, "inspect", "--tls-verify=false", place))
    assert shown["Digest"] == descriptor.digest
    assert {"v1", "latest"} <= set(shown["RepoTags"])
    skopeo(tmp_path, "copy", "--src-tls-verify=false", "--preserve-digests", place, f"oci:{tmp_path}/out:v1")
    out = load_image(Layout.existing(tmp_path / "out"), "v1")
    assert out.digest == descriptor.digest
    for layer in out.layers:
        assert read_blob(out.store, layer.descriptor.digest, 10 << 20) == read_blob(
            store, layer.descriptor.digest, 10 << 20
        )


def test_what_skopeo_pushed_is_read(address: str, image: tuple[LocalStore, Descriptor], tmp_path: Path) -> None:
    """The same digests come back."""
    store, descriptor = image
    layout = Layout(tmp_path / "in")
    copy_image(store, "v1", layout, tags=["v1"])
    place = f"docker://{address}/acme/other:v1"
    skopeo(tmp_path, "copy", "--dest-tls-verify=false", "--preserve-digests", f"oci:{layout.path}:v1", place)
    back = Layout(tmp_path / "back")
    summary = copy_image(open_remote(address, "acme/other"), "v1", back, tags=["v1"])
    assert summary.descriptor.digest == descriptor.digest
    assert load_image(back, "v1").manifest == load_image(store, "v1").manifest
