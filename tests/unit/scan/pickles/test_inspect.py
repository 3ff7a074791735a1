from __future__ import annotations

import io
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.assets.scan.malicious import SYSTEM, call, proto, wrapper

from tidegate.scan.pickles.allowlist import load
from tidegate.scan.pickles.inspect import Inspection, inspect
from tidegate.scan.reader import Budget, Reader


def look(data: bytes, *, certain: bool = True) -> Inspection:
    return inspect(Reader(io.BytesIO(data), Budget(1 << 40)), load(), certain=certain)


def test_a_forbidden_import_is_named_with_its_place() -> None:
    """Module, name and byte."""
    (issue,) = look(SYSTEM).issues
    assert issue.code == "pickle-global"
    assert "posix.system" in issue.detail
    assert issue.position == 2


def test_allowed_globals_are_clean() -> None:
    """As those of the standard library's containers."""
    assert look(pickle.dumps({"a": {1, 2}, "b": range(3)})).issues == []


def test_reading_ends_after_the_pickle() -> None:
    """What follows is for the caller."""
    reader = Reader(io.BytesIO(proto(2, b"N") + b"rest"), Budget(1 << 20))
    assert inspect(reader, load()).malformed == ""
    assert reader.take(4) == b"rest"


def test_an_import_is_told_also_when_the_pickle_breaks_later() -> None:
    """A loader has run it by then."""
    result = look(SYSTEM[:-1] + b"\xff")
    assert [issue.code for issue in result.issues] == ["pickle-global"]
    assert result.malformed


def test_text_ends_where_a_name_is_none() -> None:
    """Unless it is certain that it is a pickle."""
    data = b"copyright (c)\nall rights reserved\n)R."
    assert look(data, certain=False).issues == []
    assert look(data).issues


@pytest.mark.parametrize("kind", ["f8", "i1"])
def test_raw_arrays_are_passed_over(kind: str) -> None:
    """And what follows them is read."""
    size = int(kind[1])
    clean = look(wrapper(kind, b"K\x01\x85") + bytes(size) + b".")
    assert (clean.issues, clean.malformed) == ([], "")
    assert look(wrapper(kind, b"K\x01\x85") + bytes(size) + call("os", "system") + b".").issues


@given(st.binary(max_size=300))
def test_any_bytes_are_judged(data: bytes) -> None:
    """Never by an error."""
    look(b"\x80\x04" + data)


_BIG = """
import sys
from tidegate.scan.pickles.allowlist import load
from tidegate.scan.pickles.inspect import inspect
from tidegate.scan.reader import Budget, Reader
with open(sys.argv[1], "rb") as stream:
    result = inspect(Reader(stream, Budget(1 << 40)), load())
assert not result.issues and not result.malformed, result
status = open("/proc/self/status").read()
print(status.partition("VmHWM:")[2].split()[0])
"""


def test_memory_stays_small_whatever_a_pickle_holds(tmp_path: Path) -> None:
    """300 MB of bytes (a sparse file) take less than 60 MB."""
    size = 300_000_000
    path = tmp_path / "big.pkl"
    with path.open("wb") as stream:
        stream.write(b"\x80\x04\x8e" + size.to_bytes(8, "little"))
        stream.seek(size, 1)
        stream.write(b".")
    done = subprocess.run([sys.executable, "-c", _BIG, str(path)], capture_output=True, check=True, timeout=60)
    assert int(done.stdout) < 60_000


def test_an_array_inside_a_frame_is_refused() -> None:
    """Joblib reads its bytes after the frame, other loaders inside it."""
    framed = b"\x80\x04\x95" + (4096).to_bytes(8, "little") + wrapper("f8", b"K\x01\x85", protocol=0)
    assert "inside a frame" in look(framed + bytes(8) + b".").malformed
