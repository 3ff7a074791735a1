"""Evidence beside an image: a document as an artifact that refers to it (image-spec, "Artifact Usage")."""

from __future__ import annotations

from collections.abc import Mapping

from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.manifest import EMPTY_JSON, Manifest, encode
from tidegate.oci.store import ContentStore, put_bytes


def put_artifact(
    store: ContentStore,
    subject: Descriptor,
    artifact_type: str,
    data: bytes,
    *,
    media_type: str,
    annotations: Mapping[str, str],
) -> Descriptor:
    """Store a document as a referrer of `subject`; the descriptor of its manifest. Raises what the store raises."""
    manifest = Manifest(
        schema_version=2,
        media_type=media_types.MANIFEST,
        artifact_type=artifact_type,
        config=put_bytes(store, EMPTY_JSON, media_types.EMPTY),
        layers=(put_bytes(store, data, media_type),),
        subject=Descriptor(media_type=subject.media_type, digest=subject.digest, size=subject.size),
        annotations=dict(annotations),
    )
    return store.put_manifest(encode(manifest), media_types.MANIFEST)
