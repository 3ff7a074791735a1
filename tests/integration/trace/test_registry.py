"""A release's evidence in a real registry, traced from there alone through the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.servers import docker_registry
from tests.unit.trace.samples import COMMIT, put_evidence, put_image

from tidegate.auth.keychain import Keychain
from tidegate.distribution.connect import open_repository
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.layout import Layout
from tidegate.oci.reference import Reference
from tidegate.oci.store import ContentStore
from tidegate.trace.evidence import KINDS, find, missing
from tidegate.transport.http import Transport

pytestmark = pytest.mark.needs("docker-registry")


class Released:
    """An image with all evidence in Debian's docker-registry, which has no referrers API."""

    def __init__(self, address: str, environ: dict[str, str]) -> None:
        self.name = f"{address}/acme/digits"
        self.environ = environ
        self.store: ContentStore = open_repository(
            Reference.parse(self.name), Transport(environ), Keychain(environ), insecure=False
        )
        self.image: Descriptor = put_image(self.store, tag=f"sha-{COMMIT}")
        put_image(self.store, tag="main")
        put_image(self.store, "f" * 40, tag="other")
        put_evidence(self.store, self.image)

    def trace(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tidegate", "trace", *arguments]
        return subprocess.run(command, env=self.environ, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def released(tmp_path: Path, environ: dict[str, str]) -> Iterator[Released]:
    with docker_registry(tmp_path / "registry") as server:
        yield Released(server.address, environ)


def test_a_reference_and_its_commit_tell_the_same(released: Released) -> None:
    """Both ways lead to the digest, with all evidence and the tags that point to it."""
    by_tag = released.trace(f"{released.name}:main", "--json")
    by_commit = released.trace(COMMIT, "--in", released.name, "--json")
    by_digest = released.trace(str(released.image.digest), "--in", released.name, "--json")
    found, *others = (json.loads(done.stdout) for done in (by_tag, by_commit, by_digest))
    assert all({**other, "reference": ""} == {**found, "reference": ""} for other in others)
    assert (found["digest"], found["commit"], found["verdict"]) == (released.image.digest, COMMIT, "passed")
    assert found["tags"] == ["main", f"sha-{COMMIT}"]
    assert {item["kind"] for item in found["evidence"]} == set(KINDS.values())


def test_a_person_reads_it(released: Released) -> None:
    """Commit, who, and each piece of evidence with its verdict."""
    done = released.trace(COMMIT[:8], "--in", released.name)
    assert done.returncode == 0, done.stderr
    for word in (COMMIT, "ada on jenkins", "locked inputs", "sbom", "passed", "main"):
        assert word in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((COMMIT,), 2, "in which repository"),
        (("oci:x",), 2, "which image of it"),
        (("main", "--in", "oci:/nonexistent"), 4, "not an OCI image layout"),
        (("e" * 40, "--in", "{name}"), 4, "no image of commit"),
        (("{name}:no",), 4, "there is no image no"),
        (("{name}:a:b",), 2, "is not a"),
        (("sha256:abc", "--in", "{name}"), 2, "not a digest"),
        (("{name}-elsewhere:main",), 4, "there is no image main"),
    ],
)
def test_each_mistake_has_its_exit_code(released: Released, arguments: tuple[str, ...], code: int, words: str) -> None:
    """And one line that says what is wrong."""
    done = released.trace(*(argument.format(name=released.name) for argument in arguments))
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_layout_on_disk_answers_without_a_network(released: Released, tmp_path: Path) -> None:
    """An air-gapped reviewer has a folder, not a registry."""
    layout = Layout(tmp_path / "layout")
    put_evidence(layout, put_image(layout, tag=f"sha-{COMMIT}"))
    done = released.trace(COMMIT[:7], "--in", f"oci:{layout.path}", "--json")
    assert json.loads(done.stdout)["digest"] == released.image.digest


def test_a_moved_commit_tag_ends_in_5(released: Released) -> None:
    """Somebody pushed another commit's image to the tag."""
    put_image(released.store, "f" * 40, tag=f"sha-{COMMIT}")
    done = released.trace(COMMIT, "--in", released.name)
    assert done.returncode == 5
    assert "f" * 40 in done.stderr


def test_completeness_is_read_from_the_list(released: Released) -> None:
    """What a release without changes asks before it does nothing."""
    assert missing(find(released.store, released.image.digest), KINDS.values()) == ()
