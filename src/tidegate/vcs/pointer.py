"""Git LFS pointer files: what lies in a work tree where the real file was not fetched."""

from __future__ import annotations

from pathlib import Path

# git-lfs, docs/spec.md, "The Pointer": the first line is the version, and a pointer is shorter than this.
_VERSIONS = (b"version https://git-lfs.github.com/spec/v1\n", b"version https://hawser.github.com/spec/v1\n")
_MAX_POINTER = 1024


def is_lfs_pointer(path: Path) -> bool:
    """Whether a file is a pointer instead of the content it stands for. Raises OSError."""
    with path.open("rb", buffering=0) as stream:
        data = stream.read(_MAX_POINTER)
    return data.startswith(_VERSIONS) and b"\noid sha256:" in data
