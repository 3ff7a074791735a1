from __future__ import annotations

import gzip
import hashlib
import io
import random
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.build import tar
from tidegate.build.compression import blocks, compress, compress_layer, member, store_layer
from tidegate.oci.digest import BLOCK, Digest
from tidegate.oci.layout import Layout
from tidegate.oci.store import read_blob

DATA = random.Random(7).randbytes(BLOCK) + b"tide" * BLOCK


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, len(DATA)), max_size=6))
def test_pieces_do_not_matter(cuts: list[int]) -> None:
    """The same bytes come out however they come in."""
    places = [0, *sorted(cuts), len(DATA)]
    pieces = [DATA[start:end] for start, end in pairwise(places)]
    assert b"".join(compress(pieces)) == b"".join(compress([DATA]))


def test_format_is_pinned() -> None:
    """gzip/1 is a promise to every digest made so far: a change of these bytes is a new format."""
    packed = b"".join(compress([DATA]))
    assert hashlib.sha256(packed).hexdigest() == "7ee53e7cf4f76a41297e5eee9ece03538454d7f9269c3ac5110404ad369fbee6"


def test_members_have_no_time_and_no_system() -> None:
    """RFC 1952: no flags, mtime 0, OS unknown; a member for each MiB."""
    assert member(b"x")[:4] == b"\x1f\x8b\x08\x00"
    assert member(b"x")[4:8] == bytes(4)
    assert member(b"x")[9] == 255
    assert len(list(compress([DATA]))) == -(-len(DATA) // BLOCK)


def test_every_gzip_reads_it() -> None:
    """Several members are one stream."""
    packed = b"".join(compress([DATA]))
    assert gzip.decompress(packed) == DATA
    assert subprocess.run(["gzip", "-dc"], input=packed, capture_output=True, check=True).stdout == DATA


@pytest.mark.parametrize("sizes", [[], [1], [BLOCK], [BLOCK, 1], [BLOCK + 1, BLOCK - 1]])
def test_blocks_are_whole_but_for_the_last(sizes: list[int]) -> None:
    """A block is a MiB whatever the pieces."""
    found = [len(block) for block in blocks(bytes(size) for size in sizes)]
    assert sum(found) == sum(sizes)
    assert all(size == BLOCK for size in found[:-1])


def test_stored_layer_has_both_digests(tmp_path: Path) -> None:
    """The blob's own, and that of the tar inside."""
    store = Layout(tmp_path)
    layer = store_layer(store, [(tar.file("a", 3), io.BytesIO(b"abc"))], "here")
    blob = read_blob(store, layer.descriptor.digest, 10_000)
    assert len(blob) == layer.descriptor.size
    assert Digest.of(gzip.decompress(blob)) == layer.diff_id


def test_uncompressed_layer_is_compressed_as_it_is(tmp_path: Path) -> None:
    """Not a byte of the tar changes."""
    store = Layout(tmp_path)
    layer = compress_layer(store, io.BytesIO(DATA))
    assert layer.diff_id == Digest.of(DATA)
    assert gzip.decompress(read_blob(store, layer.descriptor.digest, 10 << 20)) == DATA
