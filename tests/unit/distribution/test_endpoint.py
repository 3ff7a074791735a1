"""From a registry's name to its address."""

from __future__ import annotations

import pytest
from tests.scripted_registry import scripted_registry

from tidegate.distribution.endpoint import find_origin
from tidegate.transport.http import Transport


@pytest.mark.parametrize(
    ("registry", "expected"),
    [
        ("docker.io", "https://registry-1.docker.io"),
        ("ghcr.io", "https://ghcr.io"),
        ("r.acme.example:5000", "https://r.acme.example:5000"),
        ("localhost:5000", "http://localhost:5000"),
        ("127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("[::1]:5000", "http://[::1]:5000"),
    ],
)
def test_only_this_machine_is_asked_by_plain_http(registry: str, expected: str) -> None:
    """Everything else is https, and Docker Hub has a host of its own."""
    assert find_origin(registry, Transport({})) == expected


def test_tls_can_be_asked_for_on_this_machine() -> None:
    """For a registry with a certificate."""
    assert find_origin("localhost:5000", Transport({}), tls=True) == "https://localhost:5000"


def test_insecure_falls_back_where_nobody_speaks_tls() -> None:
    """Another address than loopback is tried by https first; Docker Hub is never asked by anything else."""
    with scripted_registry() as registry:
        # A name that isn't loopback by its looks; the proxy leads it to one that is.
        transport = Transport({"all_proxy": f"http://{registry.address}"}, insecure=True)
        assert find_origin("r.acme.example:5000", transport, insecure=True) == "http://r.acme.example:5000"
        assert find_origin("docker.io", transport, insecure=True) == "https://registry-1.docker.io"
