"""Manifests to put into a repository."""

from __future__ import annotations

from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.digest import Digest
from tidegate.oci.manifest import EMPTY_JSON, Manifest, encode
from tidegate.oci.store import ContentStore, put_bytes

MISSING = Digest.of(b"nowhere")


def make_manifest(repository: ContentStore, *, subject: Digest | None = None, kind: str = "application/x") -> bytes:
    """The bytes of an artifact's manifest, whose configuration is in the repository."""
    config = put_bytes(repository, EMPTY_JSON, media_types.EMPTY)
    about = Descriptor(media_type=media_types.MANIFEST, digest=subject, size=1) if subject else None
    value = Manifest(
        schema_version=2,
        media_type=media_types.MANIFEST,
        artifact_type=kind,
        config=config,
        layers=(),
        subject=about,
        annotations={"verdict": "passed"},
    )
    return encode(value)
