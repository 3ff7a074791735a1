from __future__ import annotations

from typing import Any

import pytest

from tidegate.errors import ConfigError
from tidegate.project.reader import parse

WEIGHTS = {"name": "main", "source": "m.bin"}
IGNORE = {"id": "CVE-2026-1", "statement": "s", "owner": "@me"}


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ({"build": {"base": {}}}, "build.base"),
        ({"build": {"base": {"debian": "bookworm", "layout": "x"}}}, "build.base"),
        ({"build": {"base": {"layout": "x", "mirror": "https://mirror.acme.example"}}}, "build.base"),
        ({"build": {"dockerfile": "Dockerfile", "code": ["app.py"]}}, "build.code"),
        ({"build": {"workdir": "app"}}, "build.workdir"),
        ({"build": {"workdir": "/app/../etc"}}, "build.workdir"),
        ({"build": {"env": {"A=B": "c"}}}, "build.env"),
        ({"build": {"env": {"A": "c\0d"}}}, "build.env"),
        ({"build": {"platforms": ["linux"]}}, "build.platforms"),
        ({"build": {"platforms": ["windows/amd64"]}}, "build.platforms"),
        ({"build": {"platforms": ["linux/amd64", "linux/amd64"]}}, "build.platforms"),
        ({"test": {"protocol": "http"}}, "build.port"),
        ({"weights": [WEIGHTS | {"path": "/a"}, WEIGHTS | {"path": "/b"}]}, "weights"),
        ({"weights": [WEIGHTS | {"path": "/../etc/passwd"}]}, r"weights\[0\].path"),
        ({"weights": [WEIGHTS | {"path": "/."}]}, r"weights\[0\].path"),
        ({"ignore": [IGNORE | {"expired_at": "2026-13-41"}]}, r"ignore\[0\].expired_at"),
    ],
)
def test_what_types_cannot_say_is_an_error_that_names_the_key(keys: dict[str, Any], named: str) -> None:
    """And the next step."""
    with pytest.raises(ConfigError, match=f"^{named}") as caught:
        parse({"tidegate": 1, "model": {"name": "digits"}, **keys}, {})
    assert caught.value.hint


def test_weights_may_go_into_the_root_by_name() -> None:
    """A path that ends in / takes the file's own name."""
    keys = {"weights": [WEIGHTS | {"path": "/"}]}
    assert parse({"tidegate": 1, "model": {"name": "digits"}, **keys}, {}).weights[0].path == "/"
