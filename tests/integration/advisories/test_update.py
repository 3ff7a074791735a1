from __future__ import annotations

import json
import os
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import zstandard

from tidegate.advisories.dump import open_dump, read_records
from tidegate.advisories.ranges import evaluate
from tidegate.advisories.store import AdvisoryStore
from tidegate.errors import NotFoundError
from tidegate.transport.http import Transport

# A folder with pypi-osv.jsonl.zst and debian-osv.jsonl.zst, dumps of real records.
DATA = os.environ.get("TIDEGATE_TEST_ADVISORIES", "")
RECORD = {"id": "A", "affected": [{"package": {"ecosystem": "PyPI", "name": "x"}, "versions": ["1.0"]}]}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = self.path == "/osv.zst"
        body = zstandard.compress(json.dumps(RECORD).encode()) if found else b""
        self.send_response(200 if found else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def test_a_dump_is_fetched_and_taken_in(tmp_path: Path) -> None:
    """From a real server; an address without one is an error."""
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_port}"
            store = AdvisoryStore(tmp_path)
            with open_dump(f"{url}/osv.zst", Transport({})) as stream:
                store.replace(read_records(stream, url), url, datetime.now(UTC))
            assert [item.id for item in store.lookup("PyPI", "x")] == ["A"]
            with pytest.raises(NotFoundError), open_dump(f"{url}/other", Transport({})):
                pass
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.skipif(not DATA, reason="TIDEGATE_TEST_ADVISORIES names no folder with dumps")
@pytest.mark.parametrize(
    ("name", "version", "affected", "unaffected"),
    [
        ("pyyaml", "5.3", {"PYSEC-2020-96", "PYSEC-2021-142"}, set()),
        ("torch", "2.5.0+cu118", {"PYSEC-2025-41", "PYSEC-2025-194"}, set()),
        ("torch", "2.6.0", {"PYSEC-2025-194"}, {"PYSEC-2025-41"}),
    ],
)
def test_real_records_match(tmp_path: Path, name: str, version: str, affected: set[str], unaffected: set[str]) -> None:
    """Known answers for known versions."""
    store = AdvisoryStore(tmp_path)
    path = Path(DATA) / "pypi-osv.jsonl.zst"
    with path.open("rb") as stream:
        (source,) = store.replace(read_records(stream, path.name), path.name, datetime.now(UTC))
    assert source.unreadable == 0
    found = {
        record.id
        for record in store.lookup("PyPI", name)
        if any(evaluate(item, version).affected for item in record.affected)
    }
    assert affected <= found
    assert not unaffected & found
