from __future__ import annotations

from tests.integration.registry.conftest import Served

from tidegate.registry.storage.store import read_marker


def test_every_answer_names_the_api_and_the_folder(registry: Served) -> None:
    """Clients find the API's version, `launch` the data folder's random name, on refusals too."""
    marker = read_marker(registry.data)
    assert marker is not None
    for path, status in (("/v2/", 200), ("/v2/a/tags/list", 404), ("/", 200)):
        answer = registry.ask("GET", path)
        assert answer.status == status
        assert answer.headers["Docker-Distribution-API-Version"] == "registry/2.0"
        assert answer.headers["Tidegate-Registry"] == marker.id
        assert answer.headers["Server"] == "tidegate"
