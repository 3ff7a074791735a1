from __future__ import annotations

from tests.integration.registry.conftest import Served


def test_the_page_shows_what_was_pushed(registry: Served) -> None:
    """People see repositories and tags at `/`, under a policy that lets nothing else in."""
    registry.put_manifest("acme/digits", "1.4.0")
    page = registry.ask("GET", "/")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert str(page.headers["Content-Security-Policy"]).startswith("default-src 'none'")
    assert b"acme/digits" in page.body
    assert b"1.4.0" in page.body
