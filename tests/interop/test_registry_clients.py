"""Container tools push to the embedded registry and pull from it what they pushed."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.servers import docker_daemon

from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.digest import Digest
from tidegate.oci.layout import Layout
from tidegate.oci.manifest import ImageConfig, Manifest, RootFS, encode
from tidegate.oci.store import put_bytes
from tidegate.registry import launch
from tidegate.registry.storage.store import Storage
from tidegate.registry.users import make_admin

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="keeps its images where only root may write")


@pytest.fixture
def registry(tmp_path: Path, environ: dict[str, str]) -> Iterator[str]:
    """A running registry's address."""
    with launch.start(tmp_path / "data", "127.0.0.1:0", environ) as started:
        yield started.address


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    """An image with one layer, as an OCI layout with the tag `1.0`."""
    store = Layout(tmp_path / "layout")
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("weights"), io.BytesIO())
    data = layer.getvalue()
    config = ImageConfig(architecture="amd64", os="linux", rootfs=RootFS(diff_ids=(Digest.of(data),)))
    layers: tuple[Descriptor, ...] = (put_bytes(store, data, media_types.LAYER),)
    manifest = Manifest(
        schema_version=2,
        media_type=media_types.MANIFEST,
        config=put_bytes(store, encode(config), media_types.CONFIG),
        layers=layers,
    )
    store.put_manifest(encode(manifest), media_types.MANIFEST, "1.0")
    return store.path


def _run(environ: dict[str, str], *command: str) -> str:
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _copy_in(environ: dict[str, str], layout: Path, image: str) -> None:
    _run(
        environ,
        "skopeo",
        "copy",
        "-q",
        "--preserve-digests",
        "--dest-tls-verify=false",
        f"oci:{layout}:1.0",
        f"docker://{image}",
    )


@pytest.mark.needs("skopeo")
def test_skopeo(registry: str, layout: Path, environ: dict[str, str], tmp_path: Path) -> None:
    """Copied in and out again, the image has the digest that it had."""
    image = f"{registry}/acme/digits:1.0"
    _copy_in(environ, layout, image)
    _run(
        environ,
        "skopeo",
        "copy",
        "-q",
        "--preserve-digests",
        "--src-tls-verify=false",
        f"docker://{image}",
        f"oci:{tmp_path}/out:1.0",
    )
    assert Layout(tmp_path / "out").get_manifest("1.0").digest == Layout(layout).get_manifest("1.0").digest
    inspected = json.loads(_run(environ, "skopeo", "inspect", "--tls-verify=false", f"docker://{image}"))
    assert inspected["RepoTags"] == ["1.0"]
    _run(environ, "skopeo", "delete", "--tls-verify=false", f"docker://{image}")


@pytest.mark.needs("skopeo")
def test_skopeo_logs_in_as_a_user(layout: Path, environ: dict[str, str], tmp_path: Path) -> None:
    """Where there are users, skopeo gets in with a password and not without."""
    password = make_admin(Storage.open(tmp_path / "data").disk)
    with launch.start(tmp_path / "data", "127.0.0.1:0", environ) as started:
        copy = ["skopeo", "copy", "-q", "--preserve-digests", "--dest-tls-verify=false", f"oci:{layout}:1.0"]
        target = f"docker://{started.address}/acme/digits:1.0"
        refused = subprocess.run([*copy, target], env=environ, capture_output=True, text=True, timeout=60, check=False)
        assert refused.returncode != 0
        assert "unauthorized" in refused.stderr.lower()
        _run(environ, *copy, "--dest-creds", f"admin:{password}", target)


@pytest.mark.needs("skopeo")
@pytest.mark.needs("podman")
@ROOT_ONLY
def test_podman(registry: str, layout: Path, environ: dict[str, str], tmp_path: Path, short_path: Path) -> None:
    """Pulled, and pushed under another name, it is the same image."""
    _copy_in(environ, layout, f"{registry}/acme/digits:1.0")
    podman = ["podman", "--root", f"{tmp_path}/storage", "--runroot", f"{short_path}/run", "--storage-driver", "vfs"]
    _run(environ, *podman, "pull", "-q", "--tls-verify=false", f"{registry}/acme/digits:1.0")
    _run(
        environ, *podman, "push", "-q", "--tls-verify=false", f"{registry}/acme/digits:1.0", f"{registry}/acme/copy:2.0"
    )
    _run(environ, *podman, "rmi", "-a", "-f")
    _run(environ, *podman, "pull", "-q", "--tls-verify=false", f"{registry}/acme/copy:2.0")


@pytest.mark.needs("skopeo")
@pytest.mark.needs("buildah")
@ROOT_ONLY
@pytest.mark.parametrize("form", ["oci", "v2s2"])
def test_buildah(registry: str, layout: Path, environ: dict[str, str], tmp_path: Path, form: str) -> None:
    """It pulls and pushes, in the OCI's and in Docker's format."""
    _copy_in(environ, layout, f"{registry}/acme/digits:1.0")
    buildah = ["buildah", "--root", f"{tmp_path}/storage", "--runroot", f"{tmp_path}/run", "--storage-driver", "vfs"]
    _run(environ, *buildah, "pull", "-q", "--tls-verify=false", f"{registry}/acme/digits:1.0")
    target = f"docker://{registry}/acme/copy:2.0"
    _run(environ, *buildah, "push", "-q", "--tls-verify=false", "--format", form, f"{registry}/acme/digits:1.0", target)
    raw = json.loads(_run(environ, "skopeo", "inspect", "--raw", "--tls-verify=false", target))
    assert raw["mediaType"] == (media_types.MANIFEST if form == "oci" else media_types.DOCKER_MANIFEST)


@pytest.mark.needs("skopeo")
@pytest.mark.skipif(shutil.which("crane") is None, reason="crane is not among Debian's packages")
def test_crane(registry: str, layout: Path, environ: dict[str, str], tmp_path: Path) -> None:
    """It mounts between repositories, pulls, pushes, lists and validates."""
    source, copy = f"{registry}/acme/digits:1.0", f"{registry}/acme/copy"
    _copy_in(environ, layout, source)
    _run(environ, "crane", "copy", "--insecure", source, f"{copy}:1.0")
    _run(environ, "crane", "pull", "--insecure", f"{copy}:1.0", f"{tmp_path}/image.tar")
    _run(environ, "crane", "push", "--insecure", f"{tmp_path}/image.tar", f"{copy}:2.0")
    _run(environ, "crane", "validate", "--insecure", "--remote", f"{copy}:2.0")
    assert _run(environ, "crane", "ls", "--insecure", copy).split() == ["1.0", "2.0"]
    assert _run(environ, "crane", "catalog", "--insecure", registry).split() == ["acme/copy", "acme/digits"]


@pytest.mark.needs("skopeo")
@pytest.mark.needs("dockerd")
@pytest.mark.needs("docker")
@ROOT_ONLY
def test_docker(registry: str, layout: Path, environ: dict[str, str], tmp_path: Path) -> None:
    """A Docker daemon pulls the image and pushes it under another name."""
    _copy_in(environ, layout, f"{registry}/acme/digits:1.0")
    with docker_daemon(tmp_path, environ) as address:
        if address is None:
            pytest.skip("no Docker daemon can run here: the kernel gives it no cgroups")
        docker = ["docker", "-H", address]
        _run(environ, *docker, "pull", "-q", f"{registry}/acme/digits:1.0")
        _run(environ, *docker, "tag", f"{registry}/acme/digits:1.0", f"{registry}/acme/copy:2.0")
        _run(environ, *docker, "push", f"{registry}/acme/copy:2.0")
        inspect = ["skopeo", "inspect", "--tls-verify=false", f"docker://{registry}/acme/copy:2.0"]
        assert json.loads(_run(environ, *inspect))["RepoTags"] == ["2.0"]
