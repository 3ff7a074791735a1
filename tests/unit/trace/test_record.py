"""The release record."""

from __future__ import annotations

import json

import pytest
from tests.unit.trace.samples import record_of

from tidegate.errors import ContentError
from tidegate.oci.digest import Digest
from tidegate.trace.record import MAX_RECORD, encode_record, read_record

RECORD = record_of(Digest.of(b"image"))


def test_it_survives_the_registry() -> None:
    """Written and read, it is the same."""
    assert read_record(encode_record(RECORD), "record") == RECORD


def test_a_newer_versions_fields_are_left_out() -> None:
    """A trace must read what a later release wrote."""
    value = json.loads(encode_record(RECORD)) | {"weather": "rain"}
    assert read_record(json.dumps(value).encode(), "record") == RECORD


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"verdict": "fine"}', b" " * (MAX_RECORD + 1), b"[" * 100_000])
def test_a_broken_one_is_a_clear_error(data: bytes) -> None:
    """Where it lies is named."""
    with pytest.raises(ContentError, match="record of x"):
        read_record(data, "record of x")


def test_a_lying_digest_in_it_is_refused() -> None:
    """A digest could otherwise become a path."""
    value = json.loads(encode_record(RECORD)) | {"digest": "sha256:../../etc/passwd"}
    with pytest.raises(ContentError, match="not a digest"):
        read_record(json.dumps(value).encode(), "record")
