from __future__ import annotations

import socket
import time
from collections.abc import Callable
from http.client import HTTPConnection

import pytest
from tests.integration.registry.conftest import Answer, Serve, Served

from tidegate.oci.digest import Digest

DATA = bytes(range(256)) * 12_000
DIGEST = Digest.of(DATA)
BLOB = f"/v2/acme/digits/blobs/{DIGEST}"


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_a_blob_goes_in_by_one_put(registry: Served, algorithm: str) -> None:
    """POST and a PUT with everything make a blob under the digest that was given."""
    digest = Digest.of(DATA, algorithm)
    answer = registry.ask("PUT", f"{registry.upload('acme/digits')}?digest={digest}", DATA)
    assert answer.status == 201
    got = registry.ask("GET", str(answer.headers["Location"]))
    assert (got.status, got.body, got.headers["Docker-Content-Digest"]) == (200, DATA, digest)


def test_a_blob_goes_in_by_one_post(registry: Served) -> None:
    """POST with a digest and the bytes needs no second request."""
    assert registry.ask("POST", f"/v2/acme/digits/blobs/uploads/?digest={DIGEST}", DATA).status == 201
    assert registry.ask("GET", BLOB).body == DATA


def test_a_post_that_fails_leaves_nothing(registry: Served) -> None:
    """Nobody could go on with an upload whose place was never told, so its bytes go."""
    digest = Digest.of(b"other")
    assert registry.ask("POST", f"/v2/acme/digits/blobs/uploads/?digest={digest}", DATA).code == "DIGEST_INVALID"
    assert not list(registry.data.glob("repositories/**/_uploads/*"))


def test_a_blob_goes_in_by_parts(registry: Served) -> None:
    """Parts in order, the last one in the closing PUT; each answer says how far it is."""
    where = registry.upload("acme/digits")
    first = registry.ask("PATCH", where, DATA[:1000], Content_Range="0-999")
    assert (first.status, first.headers["Range"]) == (202, "0-999")
    second = registry.ask("PATCH", str(first.headers["Location"]), DATA[1000:3000])
    assert (second.status, second.headers["Range"]) == (202, "0-2999")
    status = registry.ask("GET", where)
    assert (status.status, status.headers["Range"]) == (204, "0-2999")
    last = registry.ask("PUT", f"{where}?digest={DIGEST}", DATA[3000:], Content_Range=f"3000-{len(DATA) - 1}")
    assert last.status == 201
    assert registry.ask("GET", BLOB).body == DATA


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize("content_range", ["0-9", "2000-2009", "9-0", "bytes=1000-1009", "x"])
def test_a_part_out_of_order_is_refused(registry: Served, method: str, content_range: str) -> None:
    """A range that doesn't go on where the upload ends is 416, says where that is, and changes nothing."""
    where = registry.upload("acme/digits")
    registry.ask("PATCH", where, DATA[:1000], Content_Range="0-999")
    target = f"{where}?digest={DIGEST}" if method == "PUT" else where
    answer = registry.ask(method, target, DATA[1000:1010], Content_Range=content_range)
    assert (answer.status, answer.headers["Range"]) == (416, "0-999")
    assert registry.ask("GET", where).headers["Range"] == "0-999"


def test_a_range_of_another_length_is_refused(registry: Served) -> None:
    """Content-Range and Content-Length must agree."""
    answer = registry.ask("PATCH", registry.upload("acme/digits"), DATA[:10], Content_Range="0-99")
    assert (answer.status, answer.code) == (400, "SIZE_INVALID")


@pytest.mark.parametrize("digest", [Digest.of(b"other"), "sha256:0", "md5:" + "0" * 32, ""])
def test_a_wrong_digest_makes_no_blob(registry: Served, digest: str) -> None:
    """A digest that is malformed or of other bytes is DIGEST_INVALID, and nothing can be read under it."""
    answer = registry.ask("PUT", f"{registry.upload('acme/digits')}?digest={digest}", DATA)
    assert (answer.status, answer.code) == (400, "DIGEST_INVALID")
    assert registry.ask("HEAD", BLOB).status == 404


def test_a_mount_takes_no_bytes(registry: Served) -> None:
    """A blob of another repository is linked; without the mount it isn't seen."""
    registry.put_blob("acme/base", DATA)
    assert registry.ask("HEAD", BLOB).status == 404
    answer = registry.ask("POST", f"/v2/acme/digits/blobs/uploads/?mount={DIGEST}&from=acme/base")
    assert (answer.status, answer.headers["Location"]) == (201, BLOB)
    assert registry.ask("GET", BLOB).body == DATA


def test_a_mount_that_fails_is_an_upload(registry: Served) -> None:
    """When the source hasn't got it, the answer is a place to upload to."""
    answer = registry.ask("POST", f"/v2/acme/digits/blobs/uploads/?mount={DIGEST}&from=acme/base")
    assert answer.status == 202
    assert registry.ask("PUT", f"{answer.headers['Location']}?digest={DIGEST}", DATA).status == 201


def test_an_upload_can_be_cancelled(registry: Served) -> None:
    """DELETE ends it; afterwards it is unknown."""
    where = registry.upload("acme/digits")
    assert registry.ask("DELETE", where).status == 204
    answer = registry.ask("GET", where)
    assert (answer.status, answer.code) == (404, "BLOB_UPLOAD_UNKNOWN")


def test_a_closing_put_can_be_sent_again(registry: Served) -> None:
    """When the answer was lost, the same request once more gets the same answer."""
    where = registry.upload("acme/digits")
    first, second = (registry.ask("PUT", f"{where}?digest={DIGEST}", DATA) for _ in range(2))
    assert first.status == second.status == 201
    assert first.headers["Location"] == second.headers["Location"]


def test_a_client_that_dies_can_go_on(registry: Served) -> None:
    """What arrived before a connection broke is kept, and the rest makes the blob whole."""
    where = registry.upload("acme/digits")
    connection = HTTPConnection("127.0.0.1", registry.port)
    connection.putrequest("PATCH", where)
    connection.putheader("Content-Length", str(len(DATA)))
    connection.endheaders(DATA[:2_000_000])
    assert _answered(registry, "GET", where, lambda answer: answer.headers["Range"] != "0-0")
    connection.close()
    kept = int(_answered(registry, "PATCH", where, lambda answer: answer.status == 202).headers["Range"][2:]) + 1
    assert kept >= 1 << 20
    answer = registry.ask("PUT", f"{where}?digest={DIGEST}", DATA[kept:])
    assert answer.status == 201
    assert registry.ask("GET", BLOB).body == DATA


def test_a_broken_chunk_is_a_bad_request(registry: Served) -> None:
    """Transfer coding that is no chunk ends in 400, and the registry goes on."""
    where = registry.upload("acme/digits")
    with socket.create_connection(("127.0.0.1", registry.port), timeout=10) as connection:
        head = f"PATCH {where} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head.encode() + b"zz\r\nabc\r\n")
        assert connection.recv(1000).split(b" ")[1] == b"400"
    assert registry.ask("GET", where).status == 204


def test_a_killed_registry_goes_on_with_an_upload(serve: Serve) -> None:
    """After kill -9 in mid-upload nothing is visible, and the upload goes on where it was."""
    first = serve()
    where = first.upload("acme/digits")
    assert first.ask("PATCH", where, DATA[:1_500_000]).status == 202
    first.kill()
    second = serve()
    assert second.ask("HEAD", BLOB).status == 404
    assert second.ask("GET", "/v2/_catalog").json == {"repositories": []}
    assert second.ask("GET", where).headers["Range"] == "0-1499999"
    answer = second.ask("PUT", f"{where}?digest={DIGEST}", DATA[1_500_000:], Content_Range=f"1500000-{len(DATA) - 1}")
    assert answer.status == 201
    assert second.ask("GET", BLOB).body == DATA


def test_a_201_outlives_a_kill(serve: Serve) -> None:
    """What was acknowledged reads back byte for byte after kill -9, and no leftovers remain."""
    first = serve()
    first.put_blob("acme/digits", DATA)
    pushed = first.put_manifest("acme/digits", "1.0")
    first.kill()
    second = serve()
    assert second.ask("GET", BLOB).body == DATA
    manifest = second.ask("GET", "/v2/acme/digits/manifests/1.0")
    assert manifest.headers["Docker-Content-Digest"] == pushed.headers["Docker-Content-Digest"]
    assert not list(second.data.glob("tmp/*"))
    assert not list(second.data.glob("repositories/**/_uploads/*"))


def _answered(registry: Served, method: str, path: str, expected: Callable[[Answer], bool]) -> Answer:
    """The first answer that is as expected, within some seconds."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        answer = registry.ask(method, path)
        if expected(answer):
            return answer
    raise AssertionError(f"{method} {path}: not answered as expected")
