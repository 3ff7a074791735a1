from __future__ import annotations

import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.errors import ContentError, DigestMismatch
from tidegate.oci.digest import BLOCK, Digest, Verifier, digest_stream


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_digest_of_bytes_has_algorithm_and_hex(algorithm: str) -> None:
    """A digest says how and what."""
    digest = Digest.of(b"tide", algorithm)
    assert digest.algorithm == algorithm
    assert digest.hex == hashlib.new(algorithm, b"tide").hexdigest()
    assert str(digest) == f"{algorithm}:{digest.hex}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sha256:",
        "sha256:" + "a" * 63,
        "sha256:" + "a" * 65,
        "sha256:" + "A" * 64,
        "sha256:" + "a" * 64 + "\n",
        "sha512:" + "a" * 64,
        "md5:" + "a" * 32,
        "sha256:../../" + "a" * 58,
        "../sha256:" + "a" * 64,
    ],
)
def test_anything_else_is_no_digest(text: str) -> None:
    """A digest is safe in a path: wrong lengths, algorithms, letters and dots are refused."""
    with pytest.raises(ContentError, match="not a digest"):
        Digest(text)


@given(st.text(max_size=100))
def test_arbitrary_text_is_refused_or_a_path_safe_digest(text: str) -> None:
    """Whatever comes in, what comes out has no slash and no dot."""
    try:
        digest = Digest(text)
    except ContentError:
        return
    assert not set(digest) & set("/.\\\0")


def test_stream_is_read_to_its_end() -> None:
    """More than one block is hashed whole."""
    data = bytes(range(256)) * (BLOCK // 100)
    assert digest_stream(io.BytesIO(data)) == (Digest.of(data), len(data))


@given(st.binary(max_size=200), st.integers(1, 50))
def test_verifier_accepts_the_promised_bytes_in_any_pieces(data: bytes, step: int) -> None:
    """The size of pieces doesn't matter."""
    verifier = Verifier(Digest.of(data), len(data))
    for start in range(0, len(data), step):
        verifier.update(data[start : start + step])
    verifier.finish()


@pytest.mark.parametrize(("sent", "message"), [(b"abc", "3 bytes came"), (b"abcX", "another digest")])
def test_verifier_refuses_short_and_other_bytes(sent: bytes, message: str) -> None:
    """Missing and wrong bytes are told apart."""
    verifier = Verifier(Digest.of(b"abcd"), 4)
    verifier.update(sent)
    with pytest.raises(DigestMismatch, match=message):
        verifier.finish()


def test_verifier_stops_at_the_first_byte_too_many() -> None:
    """An endless stream is not read to its end."""
    verifier = Verifier(Digest.of(b"abcd"), 4)
    with pytest.raises(DigestMismatch, match="more than the 4 bytes"):
        verifier.update(b"abcde")
