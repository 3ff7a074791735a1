"""A package index on a loopback port, over a folder of wheels."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from packaging.utils import canonicalize_name, parse_wheel_filename

JSON = "application/vnd.pypi.simple.v1+json"


@dataclass
class Index:
    """What it serves and what it was asked. With `login` (`user:password`) it answers nobody else."""

    folder: Path
    address: str = ""
    as_json: bool = True
    login: str = ""
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.address}/simple"

    def answer(self, path: str, authorization: str) -> tuple[int, str, bytes]:
        """Status, media type and body (PEP 503, PEP 691)."""
        self.asked.append(path)
        if self.login and authorization != "Basic " + base64.b64encode(self.login.encode()).decode():
            return 401, "text/plain", b"who are you?"
        if path.startswith("/files/"):
            file = self.folder / path.removeprefix("/files/")
            return (200, "application/zip", file.read_bytes()) if file.is_file() else (404, "text/plain", b"")
        name = path.removeprefix("/simple/").strip("/")
        wheels = [file for file in sorted(self.folder.glob("*.whl")) if name_of(file) == name]
        if not wheels:
            return 404, "text/plain", b"no such project"
        return (200, JSON, listing(name, wheels)) if self.as_json else (200, "text/html", page(wheels))


def name_of(wheel: Path) -> str:
    return str(canonicalize_name(parse_wheel_filename(wheel.name)[0]))


def listing(name: str, wheels: list[Path]) -> bytes:
    files = [
        {
            "filename": wheel.name,
            "url": f"../../files/{wheel.name}",
            "size": wheel.stat().st_size,
            "hashes": {"sha256": hashlib.sha256(wheel.read_bytes()).hexdigest()},
        }
        for wheel in wheels
    ]
    return json.dumps({"meta": {"api-version": "1.0"}, "name": name, "files": files}).encode()


def page(wheels: list[Path]) -> bytes:
    """The older form, which has no sizes."""
    links = (
        f'<a href="../../files/{wheel.name}#sha256={hashlib.sha256(wheel.read_bytes()).hexdigest()}">{wheel.name}</a>'
        for wheel in wheels
    )
    return f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>".encode()


@contextmanager
def serve(index: Index) -> Iterator[Index]:
    """The index on a free port until the end of the block; its address is set."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, media_type, body = index.answer(self.path, self.headers.get("Authorization", ""))
            self.send_response(status)
            if status == 401:
                self.send_header("WWW-Authenticate", 'Basic realm="index"')
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815 - the handler's way to name methods

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its base's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        index.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield index
        finally:
            server.shutdown()
            thread.join()
