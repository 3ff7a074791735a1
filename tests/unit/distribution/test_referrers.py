"""The tag that stands in for the referrers API."""

from __future__ import annotations

from tidegate.distribution.referrers import added, fallback_tag
from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.digest import Digest
from tidegate.oci.manifest import Index, decode
from tidegate.oci.reference import TAG

ONE = Descriptor(media_type=media_types.MANIFEST, digest=Digest.of(b"1"), size=1, artifact_type="a/b")
TWO = Descriptor(media_type=media_types.MANIFEST, digest=Digest.of(b"2"), size=1, annotations={"k": "v"})


def test_a_digest_of_either_kind_makes_a_tag() -> None:
    """sha512 is cut to the length that the specification names."""
    assert fallback_tag(Digest.of(b"x")) == f"sha256-{Digest.of(b'x').hex}"
    long = fallback_tag(Digest.of(b"x", "sha512"))
    assert TAG.fullmatch(long)
    assert len(long) == len("sha512-") + 64


def test_a_referrer_is_added_once() -> None:
    """To none, to some, and not again."""
    first = decode(added(None, ONE) or b"", Index, "index")
    second = decode(added(first, TWO) or b"", Index, "index")
    assert second.manifests == (ONE, TWO)
    assert added(second, ONE) is None
