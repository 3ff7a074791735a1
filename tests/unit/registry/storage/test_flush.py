from __future__ import annotations

import os
from pathlib import Path

import pytest

from tidegate.registry.storage.flush import Flusher


def test_a_failed_write_back_is_not_forgotten(tmp_path: Path) -> None:
    """An error of the write-back in the background is raised when the file is settled, and again."""
    descriptor = os.open(tmp_path / "file", os.O_CREAT | os.O_WRONLY)
    flusher = Flusher(descriptor)
    os.close(descriptor)
    flusher.wrote(1 << 30)
    for _ in range(2):
        with pytest.raises(OSError, match="Bad file descriptor"):
            flusher.settle()


def test_a_small_file_is_left_alone(tmp_path: Path) -> None:
    """A few bytes start no write-back, not even a failing one."""
    descriptor = os.open(tmp_path / "file", os.O_CREAT | os.O_WRONLY)
    flusher = Flusher(descriptor)
    os.close(descriptor)
    flusher.wrote(1000)
    flusher.settle()
