from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from tests.images import make_image, make_layer
from tests.integration.build.models import CONFIG, Place, replace, write_model

from tidegate.build.dockerfile import ENGINE, find_engine
from tidegate.errors import ConfigError, OutsideError, RuntimeUnavailable
from tidegate.oci.archive import write_archive
from tidegate.oci.descriptor import Platform
from tidegate.oci.digest import Digest
from tidegate.project.config import Base, Build, Config

OURS = replace(CONFIG, build=Build(dockerfile="Dockerfile", port=8080))


def environ(home: Path, engine: str) -> dict[str, str]:
    home.mkdir(exist_ok=True)
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(home),
        "TMPDIR": str(home),
        "BUILDAH_ISOLATION": "chroot",
        "STORAGE_DRIVER": "vfs",
        "CONTAINERS_STORAGE_CONF": str(_storage(home)),
        ENGINE: engine,
        "CI_TOKEN": "s3cret",
    }


def _storage(home: Path) -> Path:
    path = home / "storage.conf"
    path.write_text(f'[storage]\ndriver="vfs"\ngraphroot="{home}/graph"\nrunroot="{home}/run"\n')
    return path


def program(folder: Path, name: str, script: str) -> None:
    """A program on PATH that stands for an engine."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    model = write_model(tmp_path / "model")
    (model / "Dockerfile").write_text('FROM scratch\nCOPY app.py /srv/app.py\nUSER 7\nCMD ["/srv/app.py"]\n')
    return model


@pytest.mark.parametrize("config", [OURS, replace(CONFIG, build=Build(base=Base(dockerfile="Dockerfile")))])
@pytest.mark.parametrize("engine", [pytest.param("buildah", marks=pytest.mark.needs("buildah")),
                                    pytest.param("podman", marks=pytest.mark.needs("podman"))])  # fmt: skip
def test_dockerfile_is_built_and_its_image_goes_on(tmp_path: Path, folder: Path, engine: str, config: Config) -> None:
    """Its layers come first, as they are; weights are added like to any other base."""
    place = Place(tmp_path / "home", environ=environ(tmp_path / "engine", engine))
    image = place.image(place.build(folder, config))
    files = {entry.path: content.read() if content else None for _, entry, content in image.files()}
    assert files["srv/app.py"] == b"print('hello')\n"
    assert files["models/model.bin"] == b"w" * 100_000
    for layer in image.layers:
        with image.open_layer(layer) as stream:
            assert Digest.of(stream.read()) == layer.diff_id
    if config is OURS:
        assert image.config.config.user == "7"
        assert image.config.config.cmd == ("/srv/app.py",)
        assert "8080/tcp" in image.config.config.exposed_ports
        assert "app/app.py" not in files


@pytest.mark.needs("buildah")
def test_failing_build_shows_the_engines_last_lines(tmp_path: Path, folder: Path) -> None:
    """What the Dockerfile did wrong is in the message."""
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY nothing-like-this /\n")
    place = Place(tmp_path / "home", environ=environ(tmp_path / "engine", "buildah"))
    with pytest.raises(OutsideError, match=r"(?s)Dockerfile: the build failed: buildah ended with.*nothing-like-this"):
        place.build(folder, OURS, place.lock(folder, OURS))


def test_missing_dockerfile_is_named(tmp_path: Path, folder: Path) -> None:
    """Before any engine is asked."""
    (folder / "Dockerfile").unlink()
    place = Place(tmp_path / "home")
    with pytest.raises(ConfigError, match="dockerfile Dockerfile: there is no such file"):
        place.build(folder, OURS, place.lock(folder, OURS))


def test_first_engine_that_works_is_taken(tmp_path: Path) -> None:
    """A docker without its daemon is as good as none."""
    program(tmp_path, "docker", "exit 1")
    program(tmp_path, "podman", "exit 0")
    program(tmp_path, "buildah", "exit 0")
    assert find_engine({"PATH": str(tmp_path)}).name == "podman"
    assert find_engine({"PATH": str(tmp_path), ENGINE: "buildah"}).name == "buildah"


@pytest.mark.parametrize("chosen", ["", "docker", "rm"])
def test_no_engine_says_what_to_do(tmp_path: Path, chosen: str) -> None:
    """What was looked for, and what would do."""
    with pytest.raises(RuntimeUnavailable, match="no container engine") as caught:
        find_engine({"PATH": str(tmp_path), ENGINE: chosen})
    assert "install" in caught.value.hint


def test_engine_gets_no_secrets(tmp_path: Path) -> None:
    """Of the environment it gets what it needs to run, no token of a CI job."""
    program(tmp_path, "buildah", "exit 0")
    engine = find_engine({"PATH": str(tmp_path), "CI_TOKEN": "s3cret", "REGISTRY_AUTH_FILE": "/a", "HOME": "/h"})
    assert dict(engine.environment) == {"PATH": str(tmp_path), "REGISTRY_AUTH_FILE": "/a", "HOME": "/h"}


def test_engine_that_makes_another_platform_is_refused(tmp_path: Path, folder: Path) -> None:
    """An image for another CPU is not quietly passed on."""
    saved = tmp_path / "saved.tar"
    place = Place(tmp_path / "home", environ={"PATH": f"{tmp_path}:/usr/bin:/bin", ENGINE: "podman"})
    image = make_image(place.store, [make_layer({})], command=["x"], target=Platform.parse("linux/arm64"))
    with saved.open("wb") as stream:
        write_archive(place.store, image.digest, None, stream.write)
    program(
        tmp_path,
        "podman",
        f'if [ "$1" = build ]; then echo x > "$5"; elif [ "$1" = save ]; then cp {saved} "$5"; fi',
    )
    with pytest.raises(ConfigError, match="an image for linux/arm64, not for linux/amd64"):
        place.build(folder, OURS, place.lock(folder, OURS))
