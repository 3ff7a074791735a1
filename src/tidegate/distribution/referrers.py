"""What refers to an image: the referrers API, and the tag that stands in for it (distribution-spec 1.1)."""

from __future__ import annotations

from urllib.parse import quote

import msgspec

from tidegate.distribution.client import Client, checked
from tidegate.distribution.pages import pages
from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.digest import Digest
from tidegate.oci.manifest import Index, decode, encode

# Without the API: not found, not allowed, or not understood.
_NO_API = frozenset({400, 404, 405, 501})
_MAX_INDEX = 8 << 20


def fallback_tag(subject: Digest) -> str:
    """The tag of the referrers index ("Referrers Tag Schema")."""
    return f"{subject.algorithm[:32]}-{subject.hex[:64]}"


def from_api(client: Client, subject: Digest, artifact_type: str | None) -> list[Descriptor] | None:
    """All descriptors that the API lists; None when the registry has no such API. Raises ContentError."""
    query = f"?artifactType={quote(artifact_type, safe='')}" if artifact_type else ""
    response = client.send("GET", client.url(f"referrers/{subject}{query}"), headers={"Accept": media_types.INDEX})
    if response.status in _NO_API or (
        response.status == 200 and "json" not in response.headers.get("Content-Type", "")
    ):
        response.close()
        return None
    first = checked(response, {200}, f"list the referrers of {subject}")
    found: dict[Digest, Descriptor] = {}
    for url, data in pages(client, first, _MAX_INDEX):
        found.update((d.digest, d) for d in decode(data, Index, url, _MAX_INDEX).manifests)
    return list(found.values())


def added(listed: Index | None, referrer: Descriptor) -> bytes | None:
    """The bytes of the stand-in index with one more referrer; None when it is in it already."""
    index = listed or Index(schema_version=2, media_type=media_types.INDEX, manifests=())
    if any(d.digest == referrer.digest for d in index.manifests):
        return None
    return encode(msgspec.structs.replace(index, manifests=(*index.manifests, referrer)))
