"""What tests share: missing programs, private homes, and downloads that happen once."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples in each run, and none too slow for a busy machine; --hypothesis-profile=search looks for new ones.
settings.register_profile("gate", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile("gate")

ROOT = Path(__file__).resolve().parent.parent
# Debian keeps servers where a plain user's PATH doesn't look.
_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
# How this machine reaches its package indexes; a test's environment keeps nothing else.
_KEPT = ("PATH", "LANG", "PIP_", "UV_", "SSL_CERT_", "REQUESTS_CA_BUNDLE", "CI")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test that `needs` a program which isn't here fails in CI, and is skipped with a reason elsewhere."""
    missing = [
        tool
        for marker in item.iter_markers("needs")
        for tool in marker.args
        if shutil.which(str(tool), path=_PATH) is None
    ]
    if missing:
        reason = f"needs {', '.join(missing)}: on Debian, .ci/run installs it"
        if os.environ.get("CI") == "true":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """A function that finds a loopback port on which nothing listens."""

    def find() -> int:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port: int = listener.getsockname()[1]
            return port

    return find


@pytest.fixture(scope="session")
def package_cache() -> Path:
    """A cache folder that outlives the run, `$TIDEGATE_TEST_CACHE` if set: packages are downloaded once."""
    folder = Path(os.environ.get("TIDEGATE_TEST_CACHE") or ROOT / ".pytest_cache" / "packages").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A temporary folder with a short name: sockets, and podman's runroot, take 50 characters at most."""
    with tempfile.TemporaryDirectory(prefix="tg-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture
def tidegate_home(tmp_path: Path) -> Path:
    """An empty TIDEGATE_HOME."""
    folder = tmp_path / "tidegate-home"
    folder.mkdir()
    return folder


@pytest.fixture
def environ(tmp_path: Path, tidegate_home: Path) -> dict[str, str]:
    """An environment for a program: private homes, no settings of this machine's user but its package indexes."""
    home, runtime = tmp_path / "home", tmp_path / "run"
    home.mkdir()
    runtime.mkdir(mode=0o700)
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(_KEPT) or name.lower() in _PROXIES or name == "TMPDIR"
    }
    return {
        **kept,
        "HOME": str(home),
        # Without it skopeo looks in a folder that root may have made.
        "XDG_RUNTIME_DIR": str(runtime),
        "TIDEGATE_HOME": str(tidegate_home),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
    }


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are named by their parameter: what is in them may differ from one worker to the next."""
    return argname if isinstance(val, bytes) else None
