"""Pulling from registries that break off, lie, or are none."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.scripted_registry import Handler, Script, scripted_registry
from tests.servers import open_remote

from tidegate.distribution.artifact import put_artifact
from tidegate.distribution.copy import copy_image
from tidegate.distribution.remote import RemoteRepository
from tidegate.errors import ContentError, DigestMismatch, NetworkError, NotFoundError, RegistryError
from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.digest import BLOCK, Digest
from tidegate.oci.layout import Layout
from tidegate.oci.manifest import EMPTY_JSON, MAX_MANIFEST, Manifest, encode
from tidegate.oci.store import put_bytes, read_blob

DATA = os.urandom(3 * BLOCK + 11)
DIGEST = Digest.of(DATA)


@pytest.fixture
def registry() -> Iterator[Script]:
    with scripted_registry() as script:
        script.blobs[DIGEST] = DATA
        yield script


@pytest.fixture
def remote(registry: Script) -> RemoteRepository:
    return open_remote(registry.address, "acme/digits")


def break_off(handler: Handler) -> bool:
    """Promise the rest of the blob, and send one block of it."""
    start = int((handler.headers.get("Range") or "bytes=0-")[6:-1])
    handler.send_response(206 if start else 200)
    handler.send_header("Content-Length", str(len(DATA) - start))
    handler.send_header("Content-Range", f"bytes {start}-{len(DATA) - 1}/{len(DATA)}")
    handler.end_headers()
    handler.wfile.write(DATA[start : start + BLOCK])
    return handler.cut()


def ignore_range(handler: Handler) -> bool:
    return handler.answer(200, DATA)


def test_a_download_goes_on_where_it_broke_off(registry: Script, remote: RemoteRepository) -> None:
    """By Range, and no byte is asked for twice."""
    registry.fault("GET", "blobs", break_off, times=2)
    assert read_blob(remote, DIGEST, len(DATA)) == DATA
    asked = [seen.headers.get("range") for seen in registry.seen]
    assert asked == [None, f"bytes={BLOCK}-", f"bytes={2 * BLOCK}-"]


def test_a_registry_without_ranges_is_read_over(registry: Script, remote: RemoteRepository) -> None:
    """A whole answer to a question for a part is skipped through."""
    registry.fault("GET", "blobs", break_off)
    registry.fault("GET", "blobs", ignore_range)
    assert read_blob(remote, DIGEST, len(DATA)) == DATA


def test_another_range_than_asked_for_is_refused(registry: Script, remote: RemoteRepository) -> None:
    """Bytes are never put together wrongly."""
    registry.fault("GET", "blobs", lambda handler: handler.answer(206, b"x", Content_Range="bytes 7-7/9"), times=9)
    with pytest.raises(NetworkError, match="another range"):
        remote.open_blob(DIGEST, 5)


def test_a_download_that_always_breaks_off_is_an_error(registry: Script, remote: RemoteRepository) -> None:
    """When no new bytes come any more."""
    registry.fault("GET", "blobs", break_off)
    registry.fault("GET", "blobs", lambda handler: handler.cut(), times=99)
    with pytest.raises(NetworkError):
        read_blob(remote, DIGEST, len(DATA))


@pytest.mark.parametrize("lie", [DATA[:-1], DATA + b"x", DATA[:-1] + b"x"], ids=["shorter", "longer", "other"])
def test_a_lying_blob_does_not_reach_the_disk(registry: Script, tmp_path: Path, lie: bytes) -> None:
    """Copied into a layout, it is found out and leaves nothing."""
    put_image(registry)
    registry.blobs[DIGEST] = lie
    target = Layout(tmp_path)
    with pytest.raises(DigestMismatch):
        copy_image(open_remote(registry.address, "acme/digits"), "v1", target, tags=["v1"])
    assert target.blob_size(DIGEST) is None
    assert list(target.tags()) == []


def test_a_manifest_with_another_digest_is_refused(registry: Script, remote: RemoteRepository) -> None:
    """Asked for by digest."""
    registry.manifests[DIGEST] = (media_types.MANIFEST, b"{}")
    with pytest.raises(DigestMismatch, match=DIGEST.hex):
        remote.get_manifest(DIGEST)


def test_a_manifest_that_contradicts_its_own_header_is_refused(registry: Script, remote: RemoteRepository) -> None:
    """Asked for by tag, the header's digest must be the bytes'."""

    def lie(handler: Handler) -> bool:
        return handler.answer(200, b"{}", Content_Type=media_types.MANIFEST, Docker_Content_Digest=DIGEST)

    registry.fault("GET", "manifests", lie)
    with pytest.raises(DigestMismatch, match="promised"):
        remote.get_manifest("v1")


def test_a_manifest_above_the_limit_is_refused(registry: Script, remote: RemoteRepository) -> None:
    """After 4 MiB nothing more is read."""
    registry.manifests["v1"] = (media_types.MANIFEST, b" " * (MAX_MANIFEST + 1))
    with pytest.raises(ContentError, match=str(MAX_MANIFEST)):
        remote.get_manifest("v1")


def test_a_page_instead_of_a_manifest_is_refused(registry: Script, remote: RemoteRepository) -> None:
    """A captive portal answers 200 with HTML."""
    registry.manifests["v1"] = ("text/html; charset=utf-8", b"<html>Welcome</html>")
    with pytest.raises(ContentError, match="text/html") as caught:
        remote.get_manifest("v1")
    assert "registry" in caught.value.hint


def test_a_manifest_of_the_first_schema_is_refused(registry: Script, remote: RemoteRepository) -> None:
    """Docker's oldest format is named in the error."""
    kind = "application/vnd.docker.distribution.manifest.v1+prettyjws"
    registry.manifests["v1"] = (kind, b'{"schemaVersion": 1}')
    with pytest.raises(ContentError, match="prettyjws"):
        remote.get_manifest("v1")


def test_the_manifest_itself_may_say_what_it_is(registry: Script, remote: RemoteRepository) -> None:
    """Behind a proxy that serves everything as application/json."""
    data = put_image(registry)
    registry.manifests["v1"] = ("application/json", data)
    assert remote.get_manifest("v1").media_type == media_types.MANIFEST


def test_all_four_types_are_asked_for(registry: Script, remote: RemoteRepository) -> None:
    """Without them a registry would convert."""
    with pytest.raises(NotFoundError):
        remote.get_manifest("v1")
    accept = registry.seen[0].headers["accept"]
    assert all(kind in accept for kind in media_types.MANIFESTS | media_types.INDEXES)


def test_tags_are_read_page_by_page(registry: Script, remote: RemoteRepository) -> None:
    """Link leads from one to the next."""
    for tag in ("a", "b", "c"):
        put_image(registry, tag)
    assert list(remote.tags()) == ["a", "b", "c"]
    assert registry.count("GET", "tags/list") == 3


@pytest.mark.parametrize("link", ["</v2/acme/digits/tags/list>", "<http://127.0.0.1:9/v2/x/tags/list>"])
def test_pages_in_a_circle_or_elsewhere_are_refused(registry: Script, remote: RemoteRepository, link: str) -> None:
    """A list must end, and stay where it was asked for."""
    registry.fault("GET", "tags", lambda handler: handler.answer(200, b'{"tags": []}', Link=f'{link}; rel="next"'))
    with pytest.raises(ContentError, match="circle or to another host"):
        remote.tags()


def test_what_is_no_tag_is_left_out(registry: Script, remote: RemoteRepository) -> None:
    """A registry's list is not trusted to be fit for a path or a terminal."""
    body = json.dumps({"tags": ["ok", "../../etc", "\x1b[31m", ""]}).encode()
    registry.fault("GET", "tags", lambda handler: handler.answer(200, body))
    assert list(remote.tags()) == ["ok"]


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"tags": [1]}', b"\xff"])
def test_a_list_of_tags_that_is_none_is_refused(registry: Script, remote: RemoteRepository, body: bytes) -> None:
    """With the address in the error."""
    registry.fault("GET", "tags", lambda handler: handler.answer(200, body))
    with pytest.raises(ContentError, match="tags/list"):
        remote.tags()


def test_a_refusal_is_shown_without_control_characters(registry: Script, remote: RemoteRepository) -> None:
    """And not longer than a terminal likes."""
    said = "no\x1b[2J\n" + "x" * 10_000
    registry.fault("GET", "manifests", lambda handler: handler.refuse(403, "DENIED", said))
    with pytest.raises(RegistryError) as caught:
        remote.get_manifest("v1")
    assert "\x1b" not in caught.value.message
    assert len(caught.value.message) < 600
    assert caught.value.code == "DENIED"


@pytest.mark.parametrize("answer", [b"<html>", b'{"errors": "no"}', b'{"errors": [{"code": 7}]}', b""])
def test_a_refusal_in_any_shape_is_an_error(registry: Script, remote: RemoteRepository, answer: bytes) -> None:
    """The status is enough."""
    registry.fault("GET", "manifests", lambda handler: handler.answer(418, answer))
    with pytest.raises(RegistryError, match="418"):
        remote.get_manifest("v1")


def test_referrers_come_from_the_api_where_there_is_one(registry: Script, remote: RemoteRepository) -> None:
    """And then no tag stands in for it."""
    registry.referrers_api = True
    evidence = put_evidence(remote)
    assert [d.digest for d in remote.referrers(DIGEST, "application/vnd.acme.a")] == [evidence.digest]
    assert list(remote.referrers(DIGEST, "application/vnd.acme.b")) == []
    assert all(":" in reference for reference in registry.manifests)


def test_referrers_come_from_a_tag_where_there_is_no_api(registry: Script, remote: RemoteRepository) -> None:
    """The tag of the specification, an index with type and annotations."""
    evidence = put_evidence(remote)
    _, data = registry.manifests[f"sha256-{DIGEST.hex}"]
    assert json.loads(data)["manifests"][0]["artifactType"] == "application/vnd.acme.a"
    assert [d.digest for d in remote.referrers(DIGEST)] == [evidence.digest]


def test_a_stand_in_tag_that_is_no_index_is_refused(registry: Script, remote: RemoteRepository) -> None:
    """Somebody else's tag is not written over."""
    put_image(registry, f"sha256-{DIGEST.hex}")
    with pytest.raises(ContentError, match="not an index"):
        put_evidence(remote)


def test_a_manifest_is_deleted(registry: Script, remote: RemoteRepository) -> None:
    """202 is good, 404 is not there, 405 says that it is switched off."""
    registry.fault("DELETE", "manifests", lambda handler: handler.answer(202))
    remote.delete_manifest(DIGEST)
    with pytest.raises(NotFoundError):
        remote.delete_manifest(DIGEST)
    registry.fault("DELETE", "manifests", lambda handler: handler.refuse(405, "UNSUPPORTED"))
    with pytest.raises(RegistryError, match="UNSUPPORTED") as caught:
        remote.delete_manifest(DIGEST)
    assert "switched off" in caught.value.hint


def put_image(registry: Script, tag: str = "v1") -> bytes:
    """An image of the one blob."""
    store = open_remote(registry.address, "acme/digits")
    manifest = Manifest(
        schema_version=2,
        media_type=media_types.MANIFEST,
        config=put_bytes(store, EMPTY_JSON, media_types.CONFIG),
        layers=(Descriptor(media_type=media_types.LAYER, digest=DIGEST, size=len(DATA)),),
    )
    store.put_manifest(encode(manifest), media_types.MANIFEST, tag)
    return encode(manifest)


def put_evidence(remote: RemoteRepository) -> Descriptor:
    subject = Descriptor(media_type=media_types.MANIFEST, digest=DIGEST, size=len(DATA))
    kind = "application/vnd.acme.a"
    return put_artifact(remote, subject, kind, b"[]", media_type="application/json", annotations={})
