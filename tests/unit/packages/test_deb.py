"""Reading Debian packages."""

from __future__ import annotations

import lzma
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.packages.builders import COMPRESSIONS, ar, deb, folder, link, member, tar

from tidegate.errors import ContentError
from tidegate.oci.layer import DIRECTORY, FILE, HARDLINK, SYMLINK
from tidegate.packages import deb as debs


def read_all(path: Path) -> None:
    for _, content in debs.entries(path):
        if content is not None:
            content.read()


@pytest.mark.parametrize("compression", sorted(COMPRESSIONS))
def test_files_come_with_content_owner_and_mode(tmp_path: Path, compression: str) -> None:
    """Whatever the archives are compressed with."""
    path = deb(
        tmp_path,
        "sample",
        [folder("./usr/"), member("./usr/a", b"hello", mode=0o4755, uid=3, gid=4), link("./usr/b", "a")],
        compression=compression,
    )
    found = [(e.path, e.kind, e.mode, e.uid, e.gid, c.read() if c else None) for e, c in debs.entries(path)]
    assert found == [
        ("usr", DIRECTORY, 0o755, 0, 0, None),
        ("usr/a", FILE, 0o4755, 3, 4, b"hello"),
        ("usr/b", SYMLINK, 0o777, 0, 0, None),
    ]


def test_hard_links_name_their_target(tmp_path: Path) -> None:
    """Relative to the root."""
    path = deb(tmp_path, "sample", [member("./a", b"x"), link("./b", "./a", tarfile.LNKTYPE)])
    assert [(e.kind, e.target) for e, _ in debs.entries(path)] == [(FILE, ""), (HARDLINK, "a")]


def test_control_files_come_by_name(tmp_path: Path) -> None:
    """The control file and the scripts."""
    found = debs.control(deb(tmp_path, "sample", postinst="#!/bin/sh\n"))
    assert found["postinst"] == b"#!/bin/sh\n"
    assert debs.fields(found["control"].decode())["Description"] == "a test\n more of it"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a package",
        b"!<arch>\n" + b"x" * 60,
        b"!<arch>\nshort",
        ar({"debian-binary": b"2.0\n"}),
        ar({"control.tar.xz": lzma.compress(tar([])), "data.tar.xz": b"not xz at all, but long enough to be read"}),
        ar(
            {
                "control.tar.xz": lzma.compress(tar([])),
                "data.tar.xz": lzma.compress(tar([member("a", b"x" * 9000)]))[:90],
            }
        ),
        ar({"control.tar.lz4": b"x", "data.tar.lz4": b"x"}),
    ],
)
def test_a_broken_package_is_one_clear_error(tmp_path: Path, data: bytes) -> None:
    """That names the file."""
    path = tmp_path / "broken.deb"
    path.write_bytes(data)
    with pytest.raises(ContentError, match=r"broken\.deb"):
        read_all(path)
    with pytest.raises(ContentError, match=r"broken\.deb"):
        debs.control(path)


def test_every_cut_is_one_clear_error(tmp_path: Path) -> None:
    """A package cut off anywhere before its end never raises anything else."""
    whole = deb(tmp_path, "sample", [member("./a", b"hello" * 50)], compression=".gz").read_bytes()
    path = tmp_path / "cut.deb"
    for end in range(0, len(whole) - 1, 7):
        path.write_bytes(whole[:end])
        with pytest.raises(ContentError, match=r"cut\.deb"):
            read_all(path)


@pytest.mark.parametrize("name", ["../evil", "./a/../../evil"])
def test_paths_that_climb_out_are_refused(tmp_path: Path, name: str) -> None:
    """Before anything of them is read."""
    with pytest.raises(ContentError, match="climbs out"):
        list(debs.entries(deb(tmp_path, "sample", [member(name, b"x")])))


def test_devices_are_refused(tmp_path: Path) -> None:
    """An image holds files, folders and links."""
    with pytest.raises(ContentError, match="device"):
        list(debs.entries(deb(tmp_path, "sample", [member("./dev/null", type=tarfile.CHRTYPE)])))


@given(st.text(max_size=300))
def test_any_text_is_read_as_fields_without_failing(text: str) -> None:
    """Names come without their colon."""
    assert all(":" not in name for name in debs.fields(text))
