from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tidegate.build.fetched import locate
from tidegate.build.sources import Sources
from tidegate.errors import ConfigError
from tidegate.oci.digest import Digest
from tidegate.project.config import Secret, Weights

DATA = b"weights from afar"
URL = "https://models.acme.example/digits/model.bin?version=1"


class Network:
    """Answers downloads, and notes them."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, str]]] = []

    def download(self, url: str, target: Path, digest: Digest, /, *, headers: Mapping[str, str]) -> None:
        assert digest == Digest.of(DATA)
        self.asked.append((url, headers))
        target.parent.mkdir(parents=True)
        target.write_bytes(DATA)


def sources(network: Network, cache: Path, environ: Mapping[str, str] | None = None) -> Sources:
    def refuse(*_arguments: object) -> object:
        pytest.fail("not asked for")

    return Sources(
        debian=refuse,  # type: ignore[arg-type]  # never called
        python=refuse,  # type: ignore[arg-type]  # never called
        repository=refuse,  # type: ignore[arg-type]  # never called
        download=network.download,
        environ=environ or {},
        cache=cache,
    )


def weights(source: str = URL, **more: object) -> Weights:
    return Weights(name="main", source=source, path="/models/", **more)  # type: ignore[arg-type]  # tests of values


def test_address_is_downloaded_once_by_its_digest(tmp_path: Path) -> None:
    """It lies in the cache under its own name, and isn't asked for again."""
    network = Network()
    entry = weights(sha256=Digest.of(DATA).hex)
    for _ in range(2):
        path = locate(entry, tmp_path, sources(network, tmp_path / "cache"))
        assert path.name == "model.bin"
        assert path.read_bytes() == DATA
    assert network.asked == [(URL, {})]


def test_secret_is_sent_as_a_bearer_token(tmp_path: Path) -> None:
    """By the name of the variable that holds it."""
    network = Network()
    entry = weights(sha256=Digest.of(DATA).hex, auth=Secret(env="TOKEN"))
    locate(entry, tmp_path, sources(network, tmp_path / "cache", {"TOKEN": "s3cret"}))
    assert network.asked[0][1] == {"Authorization": "Bearer s3cret"}


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (weights(), "needs the sha256"),
        (weights("s3://bucket/x", sha256="0" * 64), "not supported yet"),
        (weights("hf://acme/digits@main"), "not supported yet"),
        (weights("ftp://acme.example/x"), r"are not supported\n"),
        (weights("https://acme.example/", sha256="0" * 64), "names no file"),
        (weights(sha256="0" * 64, auth=Secret(env="TOKEN")), "TOKEN is not set"),
    ],
)
def test_other_sources_are_refused_with_a_reason(tmp_path: Path, entry: Weights, message: str) -> None:
    """Each names the weights."""
    with pytest.raises(ConfigError, match=message) as caught:
        locate(entry, tmp_path, sources(Network(), tmp_path / "cache"))
    assert "'main'" in caught.value.message


def test_path_is_a_file_of_the_folder(tmp_path: Path) -> None:
    """Nothing is downloaded for what is here."""
    assert locate(weights("w/model.bin"), tmp_path, sources(Network(), tmp_path)) == tmp_path / "w/model.bin"
