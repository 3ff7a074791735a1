from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tidegate.errors import ContentError, LockError
from tidegate.project.lock import (
    GZIP_FORMAT,
    LOCK_NAME,
    DebianPackage,
    Lock,
    LockedBase,
    LockedFile,
    LockedPlatform,
    LockedWeights,
    PythonPackage,
    encode_lock,
    file_digest,
    read_lock,
)

HEX = "ab" * 32
LOCK = Lock(
    version=1,
    inputs=f"sha256:{HEX}",
    compression=GZIP_FORMAT,
    base=LockedBase(kind="debian", reference="bookworm", python="3.11"),
    platforms=(
        LockedPlatform(
            platform="linux/amd64",
            debian=(
                DebianPackage(
                    name="libc6",
                    version="2.36-9",
                    architecture="amd64",
                    archive="debian",
                    path="pool/main/g/glibc/libc6_2.36-9_amd64.deb",
                    size=7,
                    sha256=HEX,
                ),
            ),
            python=(PythonPackage(name="numpy", version="2.0", file="numpy-2.0.whl", size=7, sha256=HEX),),
        ),
    ),
    weights=(LockedWeights(name="main", source="w", files=(LockedFile(path=".", size=7, sha256=HEX),)),),
)


def test_a_lock_comes_back_as_it_was_written(tmp_path: Path) -> None:
    """Reading what was written gives an equal value."""
    (tmp_path / LOCK_NAME).write_bytes(encode_lock(LOCK))
    assert read_lock(tmp_path) == LOCK


def test_one_lock_has_one_form() -> None:
    """The same value gives the same bytes: lines that a diff shows, a newline at the end."""
    data = encode_lock(LOCK)
    assert data == encode_lock(LOCK)
    assert data.endswith(b"}\n")
    assert len(data.splitlines()) > 20
    assert json.loads(data)["tidegate-lock"] == 1


def test_no_lock_is_no_error(tmp_path: Path) -> None:
    """A folder without a lock has None."""
    assert read_lock(tmp_path) is None


def changed(**keys: Any) -> bytes:
    return json.dumps(json.loads(encode_lock(LOCK)) | keys).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"[]",
        b"{",
        changed(platforms=3),
        changed(surprise=1),
        changed(weights=[{"name": "main"}]),
        changed(**{"tidegate-lock": 2}),
        changed(compression="gzip/2"),
    ],
)
def test_a_broken_lock_is_an_error_with_its_path(tmp_path: Path, data: bytes) -> None:
    """Cut off, of another shape or of another format: exit 2, with `tidegate lock` as the next step."""
    (tmp_path / LOCK_NAME).write_bytes(data)
    with pytest.raises(LockError, match=LOCK_NAME) as caught:
        read_lock(tmp_path)
    assert caught.value.exit_code == 2
    assert "tidegate lock" in caught.value.hint


def test_a_folder_in_the_place_of_the_lock_is_an_error(tmp_path: Path) -> None:
    """What can't be read is not taken for absent."""
    (tmp_path / LOCK_NAME).mkdir()
    with pytest.raises(LockError):
        read_lock(tmp_path)


def test_a_platform_is_found_by_name() -> None:
    """And one that was not locked is an error with the next step."""
    assert LOCK.platform("linux/amd64").python[0].name == "numpy"
    with pytest.raises(LockError, match="linux/arm64") as caught:
        LOCK.platform("linux/arm64")
    assert "tidegate lock" in caught.value.hint


def test_a_locked_file_has_a_digest() -> None:
    """Its hash as a digest; text that is no hash is refused, as it would end up in a path."""
    assert file_digest(LOCK.weights[0].files[0]) == f"sha256:{HEX}"
    with pytest.raises(ContentError):
        file_digest(LockedFile(path=".", size=1, sha256="../x"))
