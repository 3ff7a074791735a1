from __future__ import annotations

from pathlib import Path

import pytest
from tests.integration.registry.conftest import Served

from tidegate.errors import OutsideError
from tidegate.registry import launch


def test_a_registry_for_the_time_of_a_push(tmp_path: Path, environ: dict[str, str]) -> None:
    """It is ready when `start` returns, is found by its data folder, and is gone after the block."""
    data = tmp_path / "data"
    assert launch.find(data, environ) is None
    with launch.start(data, "127.0.0.1:0", environ) as started:
        assert launch.running(started.address, environ)
        assert launch.find(data, environ) == started.address
    assert not launch.running(started.address, environ)
    assert launch.find(data, environ) is None


def test_one_that_runs_is_found(registry: Served, environ: dict[str, str]) -> None:
    """A registry that somebody else serves is recognised, and not started a second time."""
    address = f"127.0.0.1:{registry.port}"
    assert launch.find(registry.data, environ) == address
    with pytest.raises(OutsideError, match="another registry is serving this folder"):
        launch.start(registry.data, "127.0.0.1:0", environ)


def test_another_folders_registry_is_not_taken_for_ours(
    registry: Served, tmp_path: Path, environ: dict[str, str]
) -> None:
    """An address left behind in a folder doesn't count when another registry answers there."""
    with launch.start(tmp_path / "other", "127.0.0.1:0", environ):
        pass
    (tmp_path / "other" / "address").write_text(f"127.0.0.1:{registry.port}")
    assert launch.find(tmp_path / "other", environ) is None
