from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.integration.build.models import Place, with_build, write_model

from tidegate.oci.archive import write_archive
from tidegate.oci.image import Image


@pytest.fixture
def image(tmp_path: Path) -> Image:
    place, folder = Place(tmp_path / "home"), write_model(tmp_path / "model")
    return place.image(place.build(folder, with_build(command=("/bin/true",))))


@pytest.fixture
def archive(tmp_path: Path, image: Image) -> Path:
    path = tmp_path / "image.tar"
    with path.open("wb") as stream:
        write_archive(image.store, image.digest, "localhost/digits:1", stream.write)
    return path


def run(command: Sequence[str], home: Path) -> str:
    home.mkdir(exist_ok=True)
    storage = home / "storage.conf"
    storage.write_text(f'[storage]\ndriver="vfs"\ngraphroot="{home}/graph"\nrunroot="{home}/run"\n')
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "CONTAINERS_STORAGE_CONF": str(storage),
        "TMPDIR": str(home),
    }
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.needs("skopeo")
def test_skopeo_copies_it_without_changing_a_byte(tmp_path: Path, image: Image, archive: Path) -> None:
    """Out of the archive into a layout of its own, every blob verified, the digest kept."""
    target = tmp_path / "copied"
    run(
        [
            "skopeo",
            "--insecure-policy",
            "copy",
            "--preserve-digests",
            "--quiet",
            f"oci-archive:{archive}",
            f"oci:{target}:1",
        ],
        tmp_path / "s",
    )
    (entry,) = json.loads((target / "index.json").read_bytes())["manifests"]
    assert entry["digest"] == image.digest


@pytest.mark.needs("skopeo")
def test_skopeo_reads_it_as_a_docker_archive(tmp_path: Path, image: Image, archive: Path) -> None:
    """Configuration and tag are where `docker load` looks; each layer unpacks to its diff_id."""
    found = json.loads(run(["skopeo", "inspect", "--config", f"docker-archive:{archive}"], tmp_path / "s"))
    assert found["config"]["Cmd"] == ["/bin/true"]
    assert found["rootfs"]["diff_ids"] == list(image.config.rootfs.diff_ids)


@pytest.mark.needs("podman")
def test_podman_loads_it(tmp_path: Path, image: Image, archive: Path) -> None:
    """Every layer is unpacked onto the one below and compared with its diff_id."""
    run(["podman", "load", "--quiet", "--input", str(archive)], tmp_path / "p")
    found = json.loads(run(["podman", "image", "inspect", "localhost/digits:1"], tmp_path / "p"))
    assert found[0]["Config"]["User"] == "65532:65532"
    assert found[0]["RootFS"]["Layers"] == list(image.config.rootfs.diff_ids)


@pytest.mark.needs("tar")
def test_tar_lists_its_layers(tmp_path: Path, image: Image) -> None:
    """GNU tar finds nothing odd in the stream."""
    for layer in image.layers:
        with image.open_layer(layer) as stream:
            done = subprocess.run(["tar", "-tv"], input=stream.read(), capture_output=True, check=True)
        assert done.stderr == b""
        assert b"1980-01-02" in done.stdout
