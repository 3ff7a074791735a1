from __future__ import annotations

import hashlib
import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.build import tar
from tidegate.errors import ContentError
from tidegate.oci.layer import HARDLINK, SYMLINK, Entry, read_layer

_names = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=120).filter(
    lambda name: name not in {".", ".."}
)
_paths = st.lists(_names, min_size=1, max_size=4).map("/".join)


def archive(contents: list[tar.Content]) -> bytes:
    return b"".join(tar.stream(contents, "here"))


@given(st.lists(st.tuples(_paths, st.binary(max_size=1500)), max_size=5, unique_by=lambda item: item[0]))
def test_what_is_written_reads_back(files: list[tuple[str, bytes]]) -> None:
    """Any name and any size survive, long and foreign ones by PAX records."""
    contents: list[tar.Content] = [(tar.file(path, len(data)), io.BytesIO(data)) for path, data in files]
    data = archive(contents)
    assert len(data) % 512 == 0
    back = [(e.path, c.read() if c else None) for e, c in read_layer(io.BytesIO(data), "here")]
    assert back == files


def test_headers_are_the_same_on_every_machine() -> None:
    """One constant time, no names of users; pinned, since every layer's digest depends on it."""
    entries = [
        tar.directory("app"),
        tar.file("app/" + "n" * 200, 9 << 30, 0o755),
        Entry("lib", SYMLINK, 0, 0o777, 0, 0, "usr/lib"),
        Entry("hard", HARDLINK, 0, 0o644, 65532, 65532, "app/file"),
    ]
    data = b"".join(map(tar.header, entries))
    assert hashlib.sha256(data).hexdigest() == "27a9aad5c7bd8be4666797a061e34673737ee56cbc80ddc9769eaede8715df23"


def test_time_is_one_constant() -> None:
    """1980-01-02, the first day that every archive format knows."""
    with tarfile.open(fileobj=io.BytesIO(archive([(tar.directory("a"), None)]))) as opened:
        assert opened.getmembers()[0].mtime == 315_619_200


@pytest.mark.parametrize("data", [b"abc", b"abcde"])
def test_file_of_another_length_is_refused(data: bytes) -> None:
    """An archive never says one size and holds another."""
    with pytest.raises(ContentError, match="app: not the 4 bytes"):
        archive([(tar.file("app", 4), io.BytesIO(data))])


def test_parents_are_made_once_and_before() -> None:
    """Each folder above an entry comes once; one that lies below keeps its mode and owner."""
    existing = {"home": Entry("home", "directory", 0, 0o700, 7, 7)}
    files: list[tar.Content] = [(tar.file(path, 0), None) for path in ("home/a/x", "home/a/y", "z")]
    made = [entry for entry, _ in tar.with_parents(files, existing.get)]
    assert [entry.path for entry in made] == ["home", "home/a", "home/a/x", "home/a/y", "z"]
    assert (made[0].mode, made[0].uid) == (0o700, 7)
    assert (made[1].mode, made[1].uid) == (0o755, 0)


def test_folder_that_is_given_is_not_made_again() -> None:
    """An explicit folder keeps its mode."""
    contents: list[tar.Content] = [(tar.directory("tmp", 0o1777), None), (tar.file("tmp/x", 0), None)]
    assert [entry.mode for entry, _ in tar.with_parents(contents, tar.nothing)] == [0o1777, 0o644]
