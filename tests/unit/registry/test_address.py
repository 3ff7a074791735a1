from __future__ import annotations

import pytest

from tidegate.errors import UsageError
from tidegate.registry.address import Address


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:5000", "127.0.0.1", 5000),
        ("[::1]:0", "::1", 0),
        ("registry.acme.example:443", "registry.acme.example", 443),
    ],
)
def test_host_and_port_are_read(text: str, host: str, port: int) -> None:
    """An address is a host and a port, IPv6 in brackets."""
    assert Address.parse(text) == Address(host, port)
    assert str(Address.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "5000", "localhost", ":5000", "localhost:", "localhost:70000", "a:b", "u@h:1", "h:1/x", "::1:5"]
)
def test_anything_else_is_refused(text: str) -> None:
    """What isn't a host and a port is wrong usage that shows how to write it."""
    with pytest.raises(UsageError, match="not an address") as caught:
        Address.parse(text)
    assert "127.0.0.1:5000" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "loopback"),
    [
        ("127.0.0.1:1", True),
        ("127.9.9.9:1", True),
        ("localhost:1", True),
        ("[::1]:1", True),
        ("0.0.0.0:1", False),
        ("[::]:1", False),
    ],
)
def test_loopback_is_known(text: str, loopback: bool) -> None:
    """Only addresses of this machine alone count as loopback; wildcards don't."""
    assert Address.parse(text).loopback is loopback
