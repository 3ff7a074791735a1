"""A small registry in this process whose behaviour tests can bend: faults on a script, logins, odd addresses."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

_PATH = re.compile(r"/v2/(?P<name>.+?)/(?P<kind>blobs/uploads|blobs|manifests|tags|referrers)/(?P<rest>.*)")


@dataclass(frozen=True)
class Seen:
    """A request that came: headers by lower-case name."""

    method: str
    path: str
    headers: dict[str, str]


# Looks at a request and may answer it itself, by saying True.
Fault = Callable[["Handler"], bool]


@dataclass
class Script:
    """What the registry holds, what it saw, and what it shall do next."""

    address: str = ""
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    faults: list[tuple[str, str, Fault]] = field(default_factory=list)
    location: str = "{path}"
    referrers_api: bool = False
    authorize: Callable[[Handler], bool] = lambda _: True

    def fault(self, method: str, pattern: str, fault: Fault, times: int = 1) -> None:
        """Use the fault for the next `times` requests with this method and a path that has the pattern."""
        self.faults += [(method, pattern, fault)] * times

    def count(self, method: str, pattern: str = "") -> int:
        """How many such requests came."""
        return sum(seen.method == method and bool(re.search(pattern, seen.path)) for seen in self.seen)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    script: Script

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base names it so
        pass

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def body(self) -> bytes:
        size = int(self.headers.get("Content-Length") or 0)
        data = self.rfile.read(size)
        if len(data) < size:
            raise ConnectionError("the body ended early")
        self.taken = True
        return data

    def answer(self, status: int, body: bytes = b"", **headers: str) -> bool:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        return True

    def refuse(self, status: int, code: str, message: str = "no", **headers: str) -> bool:
        if not self.taken:
            self.body()
        body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
        return self.answer(status, body, Content_Type="application/json", **headers)

    def cut(self) -> bool:
        """End the connection without an answer."""
        self.close_connection = True
        return True

    def serve(self) -> None:
        script = self.script
        self.taken = False
        headers = {name.lower(): value for name, value in self.headers.items()}
        script.seen.append(Seen(self.command, self.path, headers))
        for number, (method, pattern, fault) in enumerate(script.faults):
            if method == self.command and re.search(pattern, self.path):
                del script.faults[number]
                if fault(self):
                    return
                break
        if script.authorize(self):
            self._route()

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = serve  # noqa: N815 - http.server's names

    def _route(self) -> None:
        match = _PATH.fullmatch(urlsplit(self.path).path)
        if match is None:
            self.answer(200 if self.path == "/v2/" else 404)
            return
        handle = {
            "blobs/uploads": self._upload,
            "blobs": self._blob,
            "manifests": self._manifest,
            "tags": self._tags,
            "referrers": self._referrers,
        }[match["kind"]]
        handle(match["name"], match["rest"])

    def _upload(self, name: str, rest: str) -> None:
        if self.command == "POST":
            path = f"/v2/{name}/blobs/uploads/session?state=a%2Fb"
            location = self.script.location.format(path=path, address=self.script.address)
            self.answer(202, Location=location)
        elif self.command == "PUT":
            if self.commit():
                self.answer(201)
            else:
                self.refuse(400, "DIGEST_INVALID")
        else:
            self.answer(204)

    def commit(self) -> bool:
        """Take in the body of a closing PUT, if it has its digest."""
        digest = parse_qs(urlsplit(self.path).query)["digest"][0]
        data = self.body()
        right = digest == "sha256:" + hashlib.sha256(data).hexdigest()
        if right:
            self.script.blobs[digest] = data
        return right

    def _blob(self, name: str, digest: str) -> None:
        data = self.script.blobs.get(digest)
        if data is None:
            self.refuse(404, "BLOB_UNKNOWN")
            return
        start = int((self.headers.get("Range") or "bytes=0-")[6:-1])
        ranged = {"Content_Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if start else {}
        self.answer(206 if start else 200, data[start:], **ranged)

    def _manifest(self, name: str, reference: str) -> None:
        if self.command == "PUT":
            data, kind = self.body(), self.headers["Content-Type"]
            digest = "sha256:" + hashlib.sha256(data).hexdigest()
            self.script.manifests[reference] = self.script.manifests[digest] = (kind, data)
            subject = json.loads(data).get("subject", {}).get("digest")
            extra = {"OCI_Subject": subject} if subject and self.script.referrers_api else {}
            self.answer(201, **extra)
            return
        found = self.script.manifests.get(reference)
        if found is None:
            self.refuse(404, "MANIFEST_UNKNOWN")
        else:
            self.answer(200, found[1], Content_Type=found[0])

    def _tags(self, name: str, rest: str) -> None:
        """One tag a page."""
        tags = sorted(tag for tag in self.script.manifests if ":" not in tag)
        last = parse_qs(urlsplit(self.path).query).get("last", [""])[0]
        following = [tag for tag in tags if tag > last]
        more = {"Link": f'</v2/{name}/tags/list?n=1&last={following[0]}>; rel="next"'} if following[1:] else {}
        self.answer(200, json.dumps({"name": name, "tags": following[:1]}).encode(), **more)

    def _referrers(self, name: str, digest: str) -> None:
        if not self.script.referrers_api:
            self.answer(404, b"404 page not found")
            return
        found = []
        for reference, (kind, data) in self.script.manifests.items():
            manifest = json.loads(data)
            if ":" in reference and manifest.get("subject", {}).get("digest") == digest:
                entry = {"mediaType": kind, "digest": reference, "size": len(data)}
                found.append({**entry, "artifactType": manifest.get("artifactType")})
        index = {"schemaVersion": 2, "manifests": found}
        self.answer(200, json.dumps(index).encode(), Content_Type="application/vnd.oci.image.index.v1+json")


@contextlib.contextmanager
def scripted_registry() -> Iterator[Script]:
    """A running one, on a free loopback port."""
    script = Script()
    handler = type("ScriptedHandler", (Handler,), {"script": script})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    script.address = f"127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
