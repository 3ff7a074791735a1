"""What uv prints when it can't resolve, and which files it is asked about."""

from __future__ import annotations

from pathlib import Path

import pytest

from tidegate.errors import ConfigError, Error, LockError, NetworkError
from tidegate.oci.descriptor import Platform
from tidegate.packages.indexes import Indexes
from tidegate.packages.target import Target
from tidegate.packages.uv import Uv, explain

ARM = Target("3.11", Platform.parse("linux/arm64"))
PREFIX = "error: No solution found when resolving dependencies\n  cause: "


@pytest.mark.parametrize(
    ("printed", "kind", "message"),
    [
        (
            "Because docopt==0.6.2 has no usable wheels and you require docopt==0.6.2, we can conclude …",
            LockError,
            r"docopt: there is no wheel for Python 3\.11 on linux/arm64",
        ),
        (
            "And because pywin32>=303 has no wheels with a matching platform tag (e.g., `x`) and you require pywin32",
            LockError,
            "pywin32: there is no wheel",
        ),
        (
            "Because nosuch-xyzzy was not found in the package registry and you require",
            LockError,
            "package nosuch-xyzzy",
        ),
        (
            "Because there is no version of numpy==99.1 and you require numpy==99.1, we",
            LockError,
            r"no index has numpy==99\.1",
        ),
        ("Because you require idna<3 and idna>3, we can conclude", ConfigError, "can't be resolved for linux/arm64"),
        ("Failed to fetch: `https://ada:hunter2@packages.acme.example/simple/x`", NetworkError, "did not answer"),
        (
            "Because x was not found in the package registry\nhint: An index could not be queried (401 Unauthorized)",
            NetworkError,
            "401 Unauthorized",
        ),
    ],
)
def test_each_way_to_fail_has_its_error(printed: str, kind: type[Error], message: str) -> None:
    """With the package, and without secrets."""
    error = explain(PREFIX + printed, Path("requirements.txt"), ARM)
    assert type(error) is kind
    with pytest.raises(kind, match=message):
        raise error
    assert "hunter2" not in str(error)
    assert error.hint


def test_a_requirements_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """By its key."""
    with pytest.raises(ConfigError, match=r"build\.requirements: .*nosuch"):
        Uv(Indexes((), {}), tmp_path / "cache").resolve(tmp_path / "nosuch.txt", ARM)


def test_a_pylock_file_is_taken_as_it_is(tmp_path: Path) -> None:
    """Without uv and without an index."""
    wheel = 'wheels = [{ url = "https://packages.acme.example/a-1.0-py3-none-any.whl", hashes = { sha256 = "00" } }]'
    (tmp_path / "pylock.toml").write_text(f'lock-version = "1.0"\n[[packages]]\nname = "A"\nversion = "1.0"\n{wheel}\n')
    (choice,) = Uv(Indexes((), {}), tmp_path / "cache").resolve(tmp_path / "pylock.toml", ARM)
    assert (choice.name, choice.version, choice.wheel.file) == ("a", "1.0", "a-1.0-py3-none-any.whl")
