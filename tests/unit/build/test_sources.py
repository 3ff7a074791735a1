from __future__ import annotations

from pathlib import Path

from tidegate.build.sources import Download, FetchPython
from tidegate.packages.indexes import Indexes
from tidegate.packages.python import PythonPackages
from tidegate.transport.http import Transport


def test_the_package_manager_and_the_transport_fit(tmp_path: Path) -> None:
    """What a release hands in is what a build asks for; the type checker reads this test."""
    transport = Transport({})
    python: FetchPython = PythonPackages(Indexes((), {}), tmp_path, transport).fetch
    download: Download = transport.download
    assert list(python((), "3.11")) == []
    assert callable(download)
