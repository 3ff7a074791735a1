"""Pushing through everything that goes wrong on the way, over real sockets."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.scripted_registry import Handler, Script, scripted_registry
from tests.servers import open_remote

from tidegate.auth.credential import Credential
from tidegate.errors import DigestMismatch, NetworkError, RegistryError, SourceChanged, StorageError
from tidegate.oci import media_types
from tidegate.oci.digest import BLOCK, Digest
from tidegate.oci.recipe import FilePart, Literal, Recipe
from tidegate.oci.store import Readable, put_bytes

DATA = os.urandom(2 * BLOCK + 5)


@pytest.fixture
def registry() -> Iterator[Script]:
    with scripted_registry() as script:
        yield script


class BrokenStream(io.RawIOBase):
    """A file on a disk that fails."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))


def push(registry: Script, data: bytes = DATA) -> Digest:
    return put_bytes(open_remote(registry.address, "acme/digits"), data, media_types.LAYER).digest


def read_a_part_and_cut(handler: Handler) -> bool:
    handler.rfile.read(BLOCK)
    return handler.cut()


def commit_and_cut(handler: Handler) -> bool:
    handler.commit()
    return handler.cut()


def test_a_connection_that_is_cut_in_mid_upload_is_made_again(registry: Script) -> None:
    """The blob is looked for, then sent whole in a new session."""
    registry.fault("PUT", "uploads", read_a_part_and_cut)
    digest = push(registry)
    assert registry.blobs == {digest: DATA}
    assert [seen.method for seen in registry.seen] == ["HEAD", "POST", "PUT", "HEAD", "POST", "PUT"]


def test_a_lost_answer_to_the_closing_put_sends_nothing_twice(registry: Script) -> None:
    """The registry has committed: a HEAD finds out."""
    registry.fault("PUT", "uploads", commit_and_cut)
    digest = push(registry)
    assert registry.blobs == {digest: DATA}
    assert registry.count("PUT") == 1


def test_a_storm_of_503_is_sat_out(registry: Script) -> None:
    """Every kind of request is tried again."""
    for method in ("HEAD", "POST", "PUT"):
        registry.fault(method, "blobs", lambda handler: handler.refuse(503, "UNAVAILABLE"), times=2)
    assert registry.blobs.get(push(registry)) == DATA


def test_a_storm_that_does_not_end_is_an_error(registry: Script) -> None:
    """With the status and the registry's own words."""
    registry.fault("PUT", "blobs", lambda handler: handler.refuse(503, "UNAVAILABLE", "disk on fire"), times=99)
    with pytest.raises(RegistryError, match="503: UNAVAILABLE disk on fire") as caught:
        push(registry)
    assert (caught.value.status, caught.value.code) == (503, "UNAVAILABLE")
    assert caught.value.hint


def test_a_connection_that_is_always_cut_is_an_error(registry: Script) -> None:
    """After as many tries as the policy allows."""
    registry.fault("PUT", "blobs", read_a_part_and_cut, times=99)
    with pytest.raises(NetworkError):
        push(registry)
    assert registry.count("PUT") == 5


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT"])
def test_429_waits_as_long_as_it_is_told(registry: Script, method: str) -> None:
    """Retry-After is followed, here no wait at all."""
    registry.fault(method, "blobs", lambda handler: handler.refuse(429, "TOOMANYREQUESTS", Retry_After="0"))
    assert registry.blobs.get(push(registry)) == DATA


@pytest.mark.parametrize("location", ["{path}", "http://{address}{path}", "session?state=a%2Fb"])
def test_locations_of_every_kind_are_followed(registry: Script, location: str) -> None:
    """Absolute, rooted and relative; the query that came with it is kept."""
    registry.location = location
    digest = push(registry)
    put = next(seen for seen in registry.seen if seen.method == "PUT")
    assert f"?state=a%2Fb&digest=sha256%3A{digest.hex}" in put.path


def test_a_redirect_to_another_host_gets_the_bytes_but_no_authorization(registry: Script) -> None:
    """307: the body is sent again, the login is not."""
    registry.authorize = lambda handler: (
        bool(handler.headers.get("Authorization"))
        or handler.refuse(401, "UNAUTHORIZED", WWW_Authenticate='Basic realm="x"')
    )
    with scripted_registry() as other:
        url = f"http://{other.address}/v2/acme/digits/blobs/uploads/x"
        registry.fault("PUT", "uploads", lambda handler: redirect(handler, url))
        remote = open_remote(registry.address, "acme/digits", login=Credential("robot", "s3cret"))
        blob = put_bytes(remote, DATA, media_types.LAYER)
        assert other.blobs == {blob.digest: DATA}
        assert "authorization" not in other.seen[0].headers
    assert "authorization" in registry.seen[-1].headers


def redirect(handler: Handler, url: str) -> bool:
    handler.body()
    query = handler.path.partition("?")[2]
    return handler.answer(307, Location=f"{url}?{query}")


def test_a_refused_digest_is_a_mismatch(registry: Script) -> None:
    """When the registry finds other bytes than promised, so do we."""
    registry.fault("PUT", "uploads", lambda handler: handler.refuse(400, "DIGEST_INVALID"))
    with pytest.raises(DigestMismatch):
        push(registry)


def test_a_blob_of_another_size_is_a_mismatch(registry: Script) -> None:
    """A registry that holds the digest with another size is not believed."""
    registry.blobs[Digest.of(DATA)] = DATA[:-1]
    with pytest.raises(DigestMismatch, match="promised"):
        push(registry)


def test_an_upload_that_is_too_large_says_what_to_do(registry: Script) -> None:
    """413 comes from a proxy, with a page instead of JSON."""
    page = b"<html><h1>413 Request Entity Too Large</h1></html>"
    registry.fault("PUT", "uploads", lambda handler: bool(handler.body()) and handler.answer(413, page))
    with pytest.raises(RegistryError, match="413") as caught:
        push(registry)
    assert "limits the size" in caught.value.hint
    assert "html" not in str(caught.value)


def test_an_early_refusal_is_understood(registry: Script) -> None:
    """The registry answers and hangs up while most of the body is still to be sent."""

    def refuse_early(handler: Handler) -> bool:
        handler.close_connection = True
        body = b'{"errors":[{"code":"DENIED","message":"quota is used up"}]}'
        return handler.answer(403, body)

    registry.fault("PUT", "uploads", refuse_early)
    with pytest.raises((RegistryError, NetworkError)):
        push(registry, bytes(16 * BLOCK))


def test_a_file_that_changed_stops_the_push_and_cancels_the_upload(registry: Script, tmp_path: Path) -> None:
    """Its name is in the error, nothing is committed, the session is given back."""
    weights = tmp_path / "weights.bin"
    weights.write_bytes(DATA)
    recipe = Recipe((Literal(b"head"), FilePart.of(weights), Literal(b"tail")))
    weights.write_bytes(DATA[::-1])

    with pytest.raises(SourceChanged, match=r"weights\.bin"):
        open_remote(registry.address, "acme/digits").put_blob(Digest.of(b"head"), recipe.size, recipe.open)
    assert not registry.blobs
    assert registry.count("DELETE", "uploads/session") == 1


def test_a_file_that_shrinks_while_it_is_sent_stops_the_push(registry: Script, tmp_path: Path) -> None:
    """Between its opening and its last byte."""
    weights = tmp_path / "weights.bin"
    weights.write_bytes(DATA)
    recipe = Recipe((FilePart.of(weights),))

    def source(offset: int) -> Readable:
        reader = recipe.open(offset)
        assert reader.take_range(10 * BLOCK) is not None
        reader.seek(0)
        weights.write_bytes(DATA[:100])
        return reader

    with pytest.raises(SourceChanged, match=r"weights\.bin"):
        open_remote(registry.address, "acme/digits").put_blob(Digest.of(DATA), len(DATA), source)
    assert not registry.blobs


def test_a_recipe_is_sent_to_the_byte(registry: Script, tmp_path: Path) -> None:
    """Literals, small files and large ones, in their order."""
    parts: list[Literal | FilePart] = []
    expected = b""
    for number, size in enumerate([10, 70_000, 3 * BLOCK + 1, 0, 65_536, 9 * BLOCK]):
        data = os.urandom(size)
        path = tmp_path / f"{number}.bin"
        path.write_bytes(data)
        parts += [Literal(f"<{number}>".encode()), FilePart.of(path)]
        expected += f"<{number}>".encode() + data
    recipe = Recipe(tuple(parts))
    open_remote(registry.address, "acme/digits").put_blob(Digest.of(expected), recipe.size, recipe.open)
    assert registry.blobs == {Digest.of(expected): expected}


def test_a_source_that_cannot_be_read_is_a_matter_of_storage(registry: Script) -> None:
    """Not of the network, and it is not tried again."""
    with pytest.raises(StorageError, match="Input/output error"):
        open_remote(registry.address, "acme/digits").put_blob(Digest.of(DATA), len(DATA), lambda _: BrokenStream())
    assert registry.count("PUT") == 1


def test_a_registry_that_answers_pages_is_no_registry(registry: Script) -> None:
    """A captive portal says 200 to everything."""
    page = b"<html>Welcome! Please log in.</html>"
    registry.authorize = lambda handler: bool(handler.body()) or not handler.answer(200, page)
    with pytest.raises(DigestMismatch, match="promised"):
        push(registry)


def test_nothing_is_sent_while_nothing_listens() -> None:
    """The address is in the error."""
    with scripted_registry() as gone:
        address = gone.address
    with pytest.raises(NetworkError, match=address):
        open_remote(address, "acme/digits").blob_size(Digest.of(DATA))
