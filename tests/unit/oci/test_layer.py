from __future__ import annotations

import contextlib
import gzip
import io
import random
import tarfile
from typing import IO, cast

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from tests.images import make_layer

from tidegate.errors import ContentError, DigestMismatch
from tidegate.oci.digest import Digest
from tidegate.oci.layer import (
    DIRECTORY,
    FILE,
    HARDLINK,
    SYMLINK,
    Entry,
    VerifiedLayer,
    decompress,
    read_layer,
    safe_path,
)


def entries(data: bytes) -> list[tuple[Entry, bytes | None]]:
    return [(e, None if c is None else c.read()) for e, c in read_layer(io.BytesIO(data), "here")]


def unpack(data: bytes, compression: str) -> list[tuple[Entry, bytes | None]]:
    with decompress(io.BytesIO(data), compression) as stream:
        return [(e, None if c is None else c.read()) for e, c in read_layer(stream, "here")]


def special(kind: bytes, name: str = "x", link: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, link
    return member


def test_files_folders_and_links_are_read() -> None:
    """Each kind comes with what it needs."""
    data = make_layer({"a": None, "a/b": b"text", "c": "a/b", "d": special(tarfile.LNKTYPE, "d", "a/b")})
    found = entries(data)
    assert [(e.path, e.kind, e.target, c) for e, c in found] == [
        ("a", DIRECTORY, "", None),
        ("a/b", FILE, "", b"text"),
        ("c", SYMLINK, "a/b", None),
        ("d", HARDLINK, "a/b", None),
    ]


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/../x", "./../x"])
def test_path_that_climbs_out_is_refused(name: str) -> None:
    """The message names the entry."""
    with pytest.raises(ContentError, match="climbs out"):
        entries(make_layer({name: b""}))


def test_hard_link_that_climbs_out_is_refused() -> None:
    """A hard link's target is a path of the layer too."""
    with pytest.raises(ContentError, match="climbs out"):
        entries(make_layer({"x": special(tarfile.LNKTYPE, "x", "../../etc/passwd")}))


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_devices_and_pipes_are_refused(kind: bytes) -> None:
    """An image may hold files, folders and links only."""
    with pytest.raises(ContentError, match="device"):
        entries(make_layer({"x": special(kind)}))


@pytest.mark.parametrize("length", [100, 700, 1000])
def test_torn_archive_is_refused(length: int) -> None:
    """An archive cut off in a header or in a file is broken, not short."""
    data = make_layer({"a": b"x" * 400, "b": b"y" * 600})[:length]
    with pytest.raises(ContentError, match="here"):
        entries(data)


@pytest.mark.parametrize("compression", ["gzip", "zstd", ""])
def test_compressed_layers_read_alike(compression: str) -> None:
    """The entries don't depend on the compression."""
    data = make_layer({"a": b"x" * 100_000})
    packed = {"gzip": gzip.compress(data), "zstd": zstandard.compress(data), "": data}[compression]
    assert [(entry.path, content) for entry, content in unpack(packed, compression)] == [("a", b"x" * 100_000)]


@pytest.mark.parametrize("compression", ["gzip", "zstd", ""])
def test_closing_a_layer_closes_its_blob(compression: str) -> None:
    """No file stays open behind a decompressor."""
    blob = io.BytesIO(gzip.compress(b"") if compression == "gzip" else zstandard.compress(b""))
    decompress(blob, compression).close()
    assert blob.closed


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
@pytest.mark.parametrize("data", [b"not compressed at all", b""])
def test_bytes_that_are_not_compressed_are_refused(compression: str, data: bytes) -> None:
    """A layer that lies about its compression is broken."""
    with pytest.raises(ContentError, match="here"):
        unpack(data, compression)


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_torn_compressed_layer_is_refused(compression: str) -> None:
    """A compressed layer cut off in the middle is broken, wherever its reader is then."""
    data = make_layer({"a": random.Random(7).randbytes(100_000), "b": b"1"})
    packed = gzip.compress(data) if compression == "gzip" else zstandard.compress(data)
    with pytest.raises(ContentError, match="here"):
        unpack(packed[: len(packed) // 2], compression)


@given(st.binary(max_size=2000))
def test_arbitrary_bytes_give_entries_or_one_kind_of_error(data: bytes) -> None:
    """Nothing but ContentError comes out of a layer from outside."""
    with contextlib.suppress(ContentError):
        entries(data)


@given(st.text(max_size=30))
def test_safe_paths_stay_below_the_root(name: str) -> None:
    """A path that is accepted is relative and has no `..`."""
    try:
        path = safe_path(name, "here")
    except ContentError:
        return
    assert not path.startswith("/")
    assert ".." not in path.split("/")


@pytest.mark.parametrize(
    ("path", "whiteout", "opaque"),
    [("a/.wh.b", "a/b", None), (".wh.b", "b", None), ("a/.wh..wh..opq", None, "a"), ("a/b", None, None)],
)
def test_whiteouts_name_what_they_remove(path: str, whiteout: str | None, opaque: str | None) -> None:
    """A whiteout removes one path, an opaque one what lies below a folder."""
    entry = Entry(path, FILE, 0, 0o644, 0, 0)
    assert (entry.whiteout, entry.opaque) == (whiteout, opaque)


def test_a_layer_whose_content_is_not_its_diff_id_s_is_noticed_when_it_was_read() -> None:
    """Whoever keeps what is in a layer by its diff id would keep something else."""
    data = make_layer({"a": b"x"})
    stream = VerifiedLayer(io.BytesIO(data), Digest.of(b"another"), "layer")
    with pytest.raises(DigestMismatch, match="not the sha256"), stream:
        list(read_layer(cast("IO[bytes]", stream), "layer"))


def test_a_layer_that_is_given_up_is_not_read_to_its_end() -> None:
    """The error that ended the reading is the one that is told."""
    stream = VerifiedLayer(io.BytesIO(make_layer({"a": b"x"})), Digest.of(b"another"), "layer")
    with pytest.raises(KeyError), stream:
        raise KeyError
    assert stream.closed
