"""A repository in a registry as a content store (distribution-spec 1.1)."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import msgspec

from tidegate.distribution import referrers, upload
from tidegate.distribution.client import Client, checked
from tidegate.distribution.pages import pages
from tidegate.errors import ContentError, DigestMismatch, Error, NotFoundError, RegistryError
from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.digest import Digest
from tidegate.oci.layout import referrer
from tidegate.oci.manifest import MAX_MANIFEST, Index, Manifest, decode, decode_manifest
from tidegate.oci.reference import TAG
from tidegate.oci.store import Document, Readable, Source
from tidegate.transport.body import ResumingReader
from tidegate.transport.http import Response, closing_on_error
from tidegate.transport.redaction import redact

_ACCEPT = ", ".join((media_types.MANIFEST, media_types.INDEX, media_types.DOCKER_MANIFEST, media_types.DOCKER_INDEX))
_KNOWN = media_types.MANIFESTS | media_types.INDEXES
_MAX_PAGE = 8 << 20
# Seconds: a registry that copies an index's images looks at each of them.
_MANIFEST_SECONDS = 120.0


class _TagPage(msgspec.Struct, frozen=True):
    tags: tuple[str, ...] | None = None


class _Typed(msgspec.Struct, frozen=True):
    media_type: str = msgspec.field(default="", name="mediaType")


class RemoteRepository:
    """One repository, read and written through `client`. Safe to use from several threads.

    `mount_from` names repositories of the same registry that may hold a blob already.
    """

    def __init__(self, client: Client, mount_from: Sequence[str] = ()) -> None:
        self._client = client
        self._mount_from = tuple(name for name in mount_from if name != client.repository)
        self._stand_in = threading.Lock()
        self.mounted: set[Digest] = set()

    def __str__(self) -> str:
        return f"{self._client.base.partition('://')[2]}/{self._client.repository}"

    def blob_size(self, digest: Digest) -> int | None:
        return upload.blob_size(self._client, digest)

    def open_blob(self, digest: Digest, offset: int = 0) -> Readable:
        return ResumingReader(lambda start: self._get_blob(digest, start), self._client.transport.pause, offset)

    def put_blob(self, digest: Digest, size: int, source: Source) -> None:
        self._client.writes()
        if upload.is_there(self._client, digest, size):
            return
        session = ""
        repository = self._holder(digest)
        if repository is not None:
            done, session = upload.mount(self._client, digest, repository)
            if done:
                self.mounted.add(digest)
                return
        upload.upload(self._client, digest, size, source, session)

    def get_manifest(self, reference: Digest | str) -> Document:
        url = self._client.url(f"manifests/{reference}")
        with self._client.send("GET", url, headers={"Accept": _ACCEPT}) as response:
            if response.status == 404:
                raise NotFoundError(f"{self}: there is no image {reference}")
            checked(response, {200}, f"get manifest {reference}")
            data = response.read(MAX_MANIFEST)
            return _document(response, data, reference)

    def put_manifest(self, data: bytes, media_type: str, tag: str | None = None) -> Descriptor:
        self._client.writes()
        value = decode_manifest(data, media_type, f"manifest for {self}")
        digest = Digest.of(data)
        has_api = self._put(data, media_type, tag or digest)
        descriptor = Descriptor(media_type=media_type, digest=digest, size=len(data))
        if value.subject is not None and not has_api:
            self._add_to_stand_in(value.subject.digest, referrer(descriptor, value))
        return descriptor

    def tags(self) -> Sequence[str]:
        response = self._client.send("GET", self._client.url("tags/list"))
        if response.status == 404:
            response.close()
            return []
        first = checked(response, {200}, "list tags")
        found: set[str] = set()
        for url, data in pages(self._client, first, _MAX_PAGE):
            found.update(decode(data, _TagPage, redact(url), _MAX_PAGE).tags or ())
        return sorted(tag for tag in found if TAG.fullmatch(tag))

    def referrers(self, subject: Digest, artifact_type: str | None = None) -> Sequence[Descriptor]:
        found = referrers.from_api(self._client, subject, artifact_type)
        if found is None:
            listed = self._read_stand_in(subject)
            found = list(listed.manifests) if listed else []
        return [d for d in found if artifact_type in {None, d.artifact_type}]

    def delete_manifest(self, reference: Digest | str) -> None:
        """Delete a manifest with its tags, or a tag alone where the registry can. Raises NotFoundError."""
        self._client.deletes()
        url = self._client.url(f"manifests/{reference}")
        with self._client.send("DELETE", url) as response:
            if response.status == 404:
                raise NotFoundError(f"{self}: there is no image {reference}")
            checked(response, {202, 200, 204}, f"delete {reference}")

    def _get_blob(self, digest: Digest, offset: int) -> Response:
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        response = self._client.send("GET", self._client.url(f"blobs/{digest}"), headers=headers)
        with closing_on_error(response):
            if response.status == 404:
                raise NotFoundError(f"{self}: there is no blob {digest}")
            checked(response, {206, 200} if offset else {200}, f"get blob {digest}")
            response.skip_to(offset)
        return response

    def _holder(self, digest: Digest) -> str | None:
        """The first repository to mount from that holds the blob and lets us see it."""
        for name in self._mount_from:
            url = f"{self._client.base}/v2/{name}/blobs/{digest}"
            try:
                with self._client.send("HEAD", url, pull_from=name) as response:
                    if response.status == 200:
                        return name
            except RegistryError:
                continue
        return None

    def _put(self, data: bytes, media_type: str, reference: str) -> bool:
        """Whether the registry says that it lists referrers."""
        url = self._client.url(f"manifests/{reference}")
        headers = {"Content-Type": media_type}
        with self._client.send("PUT", url, headers=headers, body=data, timeout=_MANIFEST_SECONDS) as response:
            checked(response, {200, 201, 202}, f"push manifest {reference}")
            return "OCI-Subject" in response.headers

    def _add_to_stand_in(self, subject: Digest, descriptor: Descriptor) -> None:
        with self._stand_in:
            data = referrers.added(self._read_stand_in(subject), descriptor)
            if data is not None:
                self._put(data, media_types.INDEX, referrers.fallback_tag(subject))

    def _read_stand_in(self, subject: Digest) -> Index | None:
        try:
            document = self.get_manifest(referrers.fallback_tag(subject))
        except NotFoundError:
            return None
        value = decode_manifest(document.data, document.media_type, f"{self}, referrers of {subject}")
        if isinstance(value, Manifest):
            raise ContentError(f"{self}: the tag {referrers.fallback_tag(subject)} is not an index of referrers")
        return value


def _document(response: Response, data: bytes, reference: Digest | str) -> Document:
    algorithm = reference.algorithm if isinstance(reference, Digest) else "sha256"
    digest = Digest.of(data, algorithm)
    where = redact(response.url)
    if isinstance(reference, Digest) and digest != reference:
        raise DigestMismatch(f"{where}: answered with a manifest whose digest is {digest}")
    promised = response.headers.get("Docker-Content-Digest", "")
    if promised.startswith("sha256:") and promised != Digest.of(data):
        raise DigestMismatch(f"{where}: the manifest's digest is {digest}, {promised[:80]} was promised")
    return Document(data, _media_type(response, data, where), digest)


def _media_type(response: Response, data: bytes, where: str) -> str:
    served = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if served in _KNOWN:
        return served
    try:
        named = decode(data, _Typed, where).media_type
    except Error as error:
        raise ContentError(
            f"{where}: answered with {served or 'no content type'!r} instead of a manifest",
            hint="is this the address of a registry, and is there a login page or proxy before it?",
        ) from error
    if named not in _KNOWN:
        raise ContentError(
            f"{where}: a manifest of type {named or served!r} is not supported",
            hint="push the image again with a current tool: it is OCI or Docker schema 2 then",
        )
    return named
