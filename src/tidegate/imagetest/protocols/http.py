"""Plain HTTP: any route and method; JSON, text or bytes are compared."""

from __future__ import annotations

from tidegate.imagetest.client import Answer, Request
from tidegate.imagetest.plan import Case
from tidegate.imagetest.protocols import body

_TYPES = {".json": "application/json", ".txt": "text/plain; charset=utf-8", ".csv": "text/csv"}


class Http:
    """`ready` is the path that answers 200 when the model is ready."""

    def __init__(self, ready: str) -> None:
        self._ready = ready

    def ready(self) -> Request:
        return Request("GET", self._ready)

    def request(self, case: Case) -> Request:
        sent = None if case.method == "GET" else case.input
        return Request(case.method, case.route, sent, _TYPES.get(case.input_path.suffix, "application/octet-stream"))

    def compare(self, case: Case, answer: Answer) -> str | None:
        if not 200 <= answer.status < 300:
            return f"status {answer.status}: {body.shorten(answer.body)}"
        return body.compare(case, answer.body)
