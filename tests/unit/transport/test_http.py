"""The HTTP client against real sockets."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.scripted_registry import Handler, Script, scripted_registry

from tidegate.errors import ConfigError, ContentError, DigestMismatch, NetworkError, NotFoundError, StorageError
from tidegate.oci.digest import BLOCK, Digest
from tidegate.transport.http import Transport, is_loopback
from tidegate.transport.retry import NO_RETRY, RetryPolicy

DATA = bytes(range(256)) * 8192
DIGEST = Digest.of(DATA)


@pytest.fixture
def server() -> Iterator[Script]:
    with scripted_registry() as script:
        script.blobs[DIGEST] = DATA
        yield script


@pytest.fixture
def transport() -> Transport:
    return Transport({}, retry=RetryPolicy(first_wait=0.01, longest_wait=0.05))


def blob(server: Script) -> str:
    return f"http://{server.address}/v2/a/blobs/{DIGEST}"


def break_off(handler: Handler) -> bool:
    start = int((handler.headers.get("Range") or "bytes=0-")[6:-1])
    handler.send_response(206 if start else 200)
    handler.send_header("Content-Length", str(len(DATA) - start))
    handler.send_header("Content-Range", f"bytes {start}-{len(DATA) - 1}/{len(DATA)}")
    handler.end_headers()
    handler.wfile.write(DATA[start : start + BLOCK // 2])
    return handler.cut()


def test_a_download_is_whole_or_not_there(server: Script, transport: Transport, tmp_path: Path) -> None:
    """It goes on where it breaks off, and leaves nothing beside itself."""
    server.fault("GET", "blobs", break_off, times=3)
    transport.download(blob(server), tmp_path / "new" / "file", DIGEST, len(DATA))
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["file"]
    assert hashlib.sha256((tmp_path / "new" / "file").read_bytes()).hexdigest() == DIGEST.hex


@pytest.mark.parametrize("lie", [DATA[:-1], DATA + b"x", b"x" + DATA[1:]], ids=["shorter", "longer", "other"])
def test_a_lying_download_leaves_nothing(server: Script, transport: Transport, tmp_path: Path, lie: bytes) -> None:
    """Neither the file nor a part of it."""
    server.blobs[DIGEST] = lie
    with pytest.raises(DigestMismatch):
        transport.download(blob(server), tmp_path / "file", DIGEST, len(DATA))
    assert list(tmp_path.iterdir()) == []


def test_a_download_to_where_nothing_can_be_written_is_a_matter_of_storage(
    server: Script, transport: Transport, tmp_path: Path
) -> None:
    """With the path in the error."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="file"):
        transport.download(blob(server), tmp_path / "file" / "below", DIGEST)


def test_an_answer_above_its_limit_is_refused(server: Script, transport: Transport) -> None:
    """The limit itself is good."""
    assert transport.get(blob(server), limit=len(DATA)) == DATA
    with pytest.raises(ContentError, match="accepted"):
        transport.get(blob(server), limit=len(DATA) - 1)


def test_what_is_not_there_is_told_from_what_fails(server: Script, transport: Transport) -> None:
    """404 is NotFoundError, the rest NetworkError."""
    with pytest.raises(NotFoundError):
        transport.get(f"http://{server.address}/v2/a/blobs/{Digest.of(b'')}", limit=10)
    server.fault("GET", "blobs", lambda handler: handler.answer(418))
    with pytest.raises(NetworkError, match="418"):
        transport.get(blob(server), limit=10)


def test_redirects_in_a_circle_end(server: Script, transport: Transport) -> None:
    """After five."""
    server.fault("GET", "blobs", lambda handler: handler.answer(302, Location=handler.path), times=50)
    with pytest.raises(NetworkError, match="redirects"):
        transport.request("GET", blob(server), retry=NO_RETRY)
    assert server.count("GET") == 6


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://x.example/", "http://plain.example/"])
def test_a_redirect_out_of_https_is_refused(server: Script, transport: Transport, target: str) -> None:
    """To another scheme, or to plain HTTP elsewhere."""
    server.fault("GET", "blobs", lambda handler: handler.answer(302, Location=target), times=9)
    with pytest.raises(NetworkError, match=r"refused|not an http"):
        transport.request("GET", blob(server), retry=NO_RETRY)


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy"])
def test_a_proxy_from_the_environment_is_used(server: Script, name: str) -> None:
    """For every host but this one."""
    transport = Transport({name: f"http://{server.address}"}, insecure=True, retry=NO_RETRY)
    with transport.request("GET", f"http://plain.example/v2/a/blobs/{DIGEST}") as response:
        assert response.read(len(DATA)) == DATA
    assert server.seen[-1].path.startswith("http://plain.example/")


def test_no_proxy_is_obeyed(server: Script) -> None:
    """A host that it names is asked directly."""
    environ = {"http_proxy": f"http://{server.address}", "no_proxy": "plain.invalid"}
    with pytest.raises(NetworkError):
        Transport(environ, insecure=True, retry=NO_RETRY).request("GET", "http://plain.invalid/")
    assert server.seen == []


def test_a_file_of_certificates_that_is_none_is_named(tmp_path: Path) -> None:
    """With the variables that may name one."""
    bad = tmp_path / "ca.pem"
    bad.write_text("no certificate")
    with pytest.raises(ConfigError, match=r"ca\.pem") as caught:
        Transport({"TIDEGATE_CA_FILE": str(bad)}, retry=NO_RETRY).request("GET", "https://127.0.0.1:9/")
    assert "SSL_CERT_FILE" in caught.value.hint


@pytest.mark.parametrize("url", ["http://[::1", "http://127.0.0.1:99999/", "http://a\x00b/", "", "http://"])
def test_an_address_that_is_none_is_an_error(transport: Transport, url: str) -> None:
    """Never anything but NetworkError."""
    with pytest.raises(NetworkError):
        transport.request("GET", url, retry=NO_RETRY, plain=True)


@pytest.mark.parametrize(
    ("host", "expected"),
    [("localhost", True), ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("10.0.0.1", False), ("x", False)],
)
def test_loopback_is_this_machine(host: str, expected: bool) -> None:
    """By name and by address."""
    assert is_loopback(host) is expected


def test_a_refused_connection_is_said_in_the_users_words(transport: Transport) -> None:
    """The address and the reason, without the names of our own classes."""
    with scripted_registry() as gone:
        url = f"http://{gone.address}/"
    with pytest.raises(NetworkError, match="refused") as caught:
        transport.request("GET", url, retry=NO_RETRY)
    assert "Connection(" not in caught.value.message


@pytest.mark.parametrize(
    "value", ["garbage", "ftp://proxy.acme.example", "http://[::1", "http://proxy.acme.example:99999"]
)
def test_a_proxy_that_is_no_address_is_named_by_its_variable(value: str) -> None:
    """It may hold a password, so its value is not repeated; and trying again can't help."""
    with pytest.raises(ConfigError, match="https_proxy") as caught:
        Transport({"HTTPS_PROXY": value}).request("GET", "https://registry.acme.example/v2/")
    assert value not in str(caught.value)
