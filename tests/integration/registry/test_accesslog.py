from __future__ import annotations

from tests.integration.registry.conftest import Serve


def test_requests_are_logged_when_asked(serve: Serve) -> None:
    """With --verbose each request is a line of key=value words, without credentials."""
    served = serve("--verbose")
    served.ask("GET", "/v2/_catalog?n=1", Authorization="Basic c2VjcmV0OnNlY3JldA==")
    served.process.terminate()
    assert served.process.stderr is not None
    log = served.process.stderr.read()
    assert "method=GET path=/v2/_catalog?n=1 status=200" in log
    assert "c2VjcmV0" not in log
