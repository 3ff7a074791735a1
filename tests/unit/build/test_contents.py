from __future__ import annotations

import io
from pathlib import Path

import pytest
from tests.images import make_layer
from tests.unit.build.elves import make_elf

from tidegate.build.contents import ContentsCache, Items, read_items
from tidegate.oci.digest import Digest

LAYER = make_layer(
    {"lib": "usr/lib", "usr/lib/a.so": make_elf(["libc.so.6"], ""), "etc/ld.so.conf.d/x.conf": b"/opt", "app": None}
)


def test_layer_is_read_for_names_links_and_needs() -> None:
    """ELF files come with what they need, the linker's configuration with its text."""
    items = {item.path: item for item in read_items(io.BytesIO(LAYER), "here")}
    assert items["lib"].target == "usr/lib"
    assert items["app"].entry.kind == "directory"
    elf = items["usr/lib/a.so"].elf
    assert elf is not None
    assert elf.needed == ("libc.so.6",)
    assert items["etc/ld.so.conf.d/x.conf"].text == "/opt"


def test_layer_is_read_once(tmp_path: Path) -> None:
    """What was read is remembered by the layer's digest."""
    cache = ContentsCache(tmp_path / "contents")

    def read() -> Items:
        return read_items(io.BytesIO(LAYER), "here")

    def fail() -> Items:
        pytest.fail("read again")

    first = cache.get(Digest.of(LAYER), read)
    assert cache.get(Digest.of(LAYER), fail) == first


def test_torn_memory_is_read_anew(tmp_path: Path) -> None:
    """A broken cache file is no reason to stop."""
    cache = ContentsCache(tmp_path)
    first = cache.get(Digest.of(LAYER), lambda: read_items(io.BytesIO(LAYER), "here"))
    for path in tmp_path.iterdir():
        path.write_bytes(b"[[")
    assert cache.get(Digest.of(LAYER), lambda: read_items(io.BytesIO(LAYER), "here")) == first
