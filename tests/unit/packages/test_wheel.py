"""Unpacking wheels."""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from pathlib import Path

import pytest
from tests.unit.packages.builders import record_line, wheel

from tidegate.errors import ContentError
from tidegate.oci.descriptor import Platform
from tidegate.packages import wheel as wheels
from tidegate.packages.target import Target

PATHS = wheels.debian_paths("3.11")
LIBRARY = "usr/local/lib/python3.11/dist-packages"


def unpacked(path: Path, paths: wheels.InstallPaths = PATHS) -> dict[str, tuple[int, bytes]]:
    """Mode and content by path."""
    return {entry.path: (entry.mode, content.read()) for entry, content in wheels.entries(wheels.load(path, paths))}


def test_files_go_to_debians_places(tmp_path: Path) -> None:
    """Each scheme of the format to its own."""
    files = {
        "sample/__init__.py": b"",
        "sample-1.0.data/scripts/tool": b"#!python\nprint(1)\n",
        "sample-1.0.data/data/share/sample/x.txt": b"x",
        "sample-1.0.data/headers/s.h": b"h",
        "sample-1.0.data/platlib/sample_native.so": b"elf",
    }
    found = unpacked(wheel(tmp_path, files=files, entry_points="[console_scripts]\nrun = sample:main\n"))
    assert found[f"{LIBRARY}/sample/__init__.py"] == (0o644, b"")
    assert found["usr/local/bin/tool"] == (0o755, b"#!/usr/bin/python3\nprint(1)\n")
    assert found["usr/local/share/sample/x.txt"] == (0o644, b"x")
    assert found["usr/local/include/python3.11/sample/s.h"] == (0o644, b"h")
    assert found[f"{LIBRARY}/sample_native.so"] == (0o644, b"elf")
    mode, script = found["usr/local/bin/run"]
    assert mode == 0o755
    assert script.startswith(b"#!/usr/bin/python3\n")
    assert b"from sample import main" in script


def test_other_bases_have_their_prefix(tmp_path: Path) -> None:
    """And their interpreter in scripts."""
    found = unpacked(
        wheel(tmp_path, entry_points="[console_scripts]\nrun = sample:main\n"), wheels.prefix_paths("/opt/py", "3.12")
    )
    assert "opt/py/lib/python3.12/site-packages/sample/__init__.py" in found
    assert found["opt/py/bin/run"][1].startswith(b"#!/opt/py/bin/python3.12\n")


def test_record_lists_what_is_there(tmp_path: Path) -> None:
    """With the hashes of what was rewritten, and paths relative to the library."""
    files = {"sample/__init__.py": b"x", "sample-1.0.data/scripts/tool": b"#!python\n"}
    found = unpacked(wheel(tmp_path, files=files, entry_points="[console_scripts]\nrun = sample:main\n"))
    info = f"{LIBRARY}/sample-1.0.dist-info"
    rows = {row[0]: row[1:] for row in csv.reader(io.StringIO(found[f"{info}/RECORD"][1].decode()))}
    assert rows.pop("sample-1.0.dist-info/RECORD") == ["", ""]
    assert {"../../../bin/tool", "../../../bin/run", "sample/__init__.py"} <= rows.keys()
    for name, row in rows.items():
        path = "usr/local/bin/" + name.rpartition("/")[2] if name.startswith("..") else f"{LIBRARY}/{name}"
        assert record_line(name, found[path][1]).strip().split(",")[1:] == row
    assert len(rows) == len(found) - 1


def test_bytecode_and_installers_marks_are_left_out(tmp_path: Path) -> None:
    """And without a warning."""
    files = {
        "sample/__init__.py": b"",
        "sample/__pycache__/__init__.cpython-311.pyc": b"x",
        "sample-1.0.dist-info/INSTALLER": b"pip",
        "sample-1.0.dist-info/direct_url.json": b"{}",
    }
    names = {path.removeprefix(LIBRARY) for path in unpacked(wheel(tmp_path, files=files))}
    info = "/sample-1.0.dist-info"
    assert names == {"/sample/__init__.py", f"{info}/METADATA", f"{info}/RECORD", f"{info}/WHEEL"}


def test_files_are_sorted_and_keep_their_executable_bit(tmp_path: Path) -> None:
    """Whatever the order in the archive."""
    path = wheel(tmp_path, files={"z": b"", "sample/tool": b"x", "a": b""}, executable=["sample/tool"])
    found = unpacked(path)
    assert list(found) == sorted(found)
    assert found[f"{LIBRARY}/sample/tool"][0] == 0o755


def test_content_that_record_does_not_promise_is_an_error(tmp_path: Path) -> None:
    """Seen when the file is read, before it is in an image."""
    path = wheel(tmp_path, files={"sample/__init__.py": b"good"})
    data = {name: zipfile.ZipFile(path).read(name) for name in zipfile.ZipFile(path).namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in data.items():
            archive.writestr(name, b"evil" if name == "sample/__init__.py" else content)
    with pytest.raises(
        ContentError, match=r"sample-1\.0-py3-none-any\.whl: sample/__init__\.py is not what RECORD says"
    ):
        unpacked(path)


@pytest.mark.parametrize(
    "record",
    [
        "",
        "sample/__init__.py,sha256=x\n",
        "sample/__init__.py,,\n",
        "sample/__init__.py,nonsense,1\n",
        record_line("sample/__init__.py", b"VALUE = 1\n"),
    ],
)
def test_a_record_that_is_not_complete_is_an_error(tmp_path: Path, record: str) -> None:
    """When the wheel is loaded."""
    with pytest.raises(ContentError, match="a broken wheel"):
        wheels.load(wheel(tmp_path, record=record), PATHS)


@pytest.mark.parametrize(
    "name", ["../evil.py", "sample/../../evil.py", "/etc/passwd", "sample-1.0.data/scripts/../../evil"]
)
def test_paths_that_climb_out_are_refused(tmp_path: Path, name: str) -> None:
    """From every scheme."""
    with pytest.raises(ContentError):
        wheels.load(wheel(tmp_path, files={name: b"x"}), PATHS)


def test_an_entry_points_name_may_not_climb_out(tmp_path: Path) -> None:
    """It becomes a file name."""
    with pytest.raises(ContentError, match="climbs out"):
        wheels.load(wheel(tmp_path, entry_points="[console_scripts]\n../../evil = sample:main\n"), PATHS)


@pytest.mark.parametrize(
    "text", ["no section", "[console_scripts]\nrun = not a target !\n", "[console_scripts]\nrun\n"]
)
def test_broken_entry_points_are_one_clear_error(tmp_path: Path, text: str) -> None:
    """That names the wheel."""
    with pytest.raises(ContentError, match=r"sample-1\.0"):
        wheels.load(wheel(tmp_path, entry_points=text), PATHS)


@pytest.mark.parametrize("tag", ["cp311-cp311-win_amd64", "cp312-cp312-manylinux_2_28_x86_64"])
def test_a_wheel_for_another_target_is_refused(tmp_path: Path, tag: str) -> None:
    """When tags are given."""
    tags = Target("3.11", Platform.parse("linux/amd64")).tags()
    with pytest.raises(ContentError, match="another platform or Python"):
        wheels.load(wheel(tmp_path, tag=tag), PATHS, tags)


def test_a_file_that_is_no_wheel_is_one_clear_error(tmp_path: Path) -> None:
    """By its name or by its content."""
    for name in ("sample.whl", "sample-1.0-py3-none-any.whl"):
        (tmp_path / name).write_bytes(b"PK nothing")
        with pytest.raises(ContentError, match=name):
            wheels.load(tmp_path / name, PATHS)


def test_every_damage_is_found(tmp_path: Path) -> None:
    """A wheel with any byte changed is refused or gives the same files."""
    path = wheel(tmp_path, files={"sample/__init__.py": b"hello" * 9})
    whole, expected = path.read_bytes(), unpacked(path)
    for position in range(0, len(whole), 5):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x55]) + whole[position + 1 :])
        try:
            found = unpacked(path)
        except ContentError:
            continue
        assert {name: content for name, (_, content) in found.items()} == {
            name: content for name, (_, content) in expected.items()
        }


def test_two_wheels_with_one_path_are_an_error(tmp_path: Path) -> None:
    """That names both; the same content twice is harmless."""
    files = {"shared/__init__.py": b"", "LICENSE": b"one"}
    one = wheels.load(wheel(tmp_path, "one", files), PATHS)
    two = wheels.load(wheel(tmp_path, "two", {**files, "LICENSE": b"two"}), PATHS)
    three = wheels.load(wheel(tmp_path, "three", files), PATHS)
    wheels.check_collisions([one, three])
    with pytest.raises(ContentError, match=r"/LICENSE: shipped by one-1\.0-.* and by two-1\.0-.*"):
        wheels.check_collisions([one, two])


def test_two_files_of_one_wheel_may_not_meet(tmp_path: Path) -> None:
    """A script of its own and an entry point of the same name."""
    path = wheel(
        tmp_path, files={"sample-1.0.data/scripts/run": b"x"}, entry_points="[console_scripts]\nrun = sample:main\n"
    )
    with pytest.raises(ContentError, match="twice"):
        wheels.load(path, PATHS)


def test_the_same_wheel_gives_the_same_bytes(tmp_path: Path) -> None:
    """Name, mode and content."""
    path = wheel(tmp_path, files={"b": b"1", "a": b"2"}, entry_points="[console_scripts]\nrun = sample:main\n")
    digests = {hashlib.sha256(repr(list(unpacked(path).items())).encode()).hexdigest() for _ in range(2)}
    assert len(digests) == 1
