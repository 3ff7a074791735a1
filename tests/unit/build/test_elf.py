from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.build.elves import make_elf

from tidegate.build.elf import Elf, read_elf


def test_needs_and_search_folders_are_read() -> None:
    """DT_NEEDED in order, RUNPATH split at colons."""
    data = make_elf(["liba.so.1", "libb.so"], "$ORIGIN/../libs:/opt/lib", machine=183)
    assert read_elf(io.BytesIO(data)) == Elf(183, ("liba.so.1", "libb.so"), ("$ORIGIN/../libs", "/opt/lib"))


def test_reader_agrees_with_pyelftools() -> None:
    """On this machine's own Python."""
    path = Path(sys.executable).resolve()
    with path.open("rb") as stream:
        section = ELFFile(stream).get_section_by_name(".dynamic")
        assert isinstance(section, DynamicSection)
        needed = tuple(str(vars(tag)["needed"]) for tag in section.iter_tags() if tag.entry.d_tag == "DT_NEEDED")
    with path.open("rb") as stream:
        found = read_elf(stream)
    assert found is not None
    assert found.needed == needed


@pytest.mark.parametrize("data", [b"", b"\x7fELF", b"#!/bin/sh\n" * 20, make_elf([], "")[:100], make_elf([], "")[:64]])
def test_other_and_torn_files_need_nothing(data: bytes) -> None:
    """A file that is no ELF file, or the start of one, isn't our business."""
    assert read_elf(io.BytesIO(data)) is None


@given(st.integers(0, 700), st.binary(min_size=1, max_size=8))
def test_damaged_file_never_crashes(place: int, data: bytes) -> None:
    """Whatever the headers claim, there is an answer, and no name is endless."""
    whole = bytearray(make_elf(["liba.so.1"], "/opt"))
    whole[place : place + len(data)] = data
    found = read_elf(io.BytesIO(bytes(whole)))
    assert found is None or all(len(name) <= 4096 for name in found.needed)


def test_static_program_needs_nothing() -> None:
    """A file without a dynamic section is left alone."""
    assert read_elf(io.BytesIO(make_elf(["x"], "", dynamic=False))) is None


def test_stream_that_can_not_seek_is_enough() -> None:
    """A compressed layer is read forwards only."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(make_elf(["liba.so.1"], ""))
        process.stdin.close()
        found = read_elf(process.stdout)
    assert found is not None
    assert found.needed == ("liba.so.1",)
