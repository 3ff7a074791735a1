"""What a protocol of served models must offer; it asks and compares, and never opens a connection."""

from __future__ import annotations

from typing import Protocol

from tidegate.imagetest.client import Answer, Request
from tidegate.imagetest.plan import Case


class ServerProtocol(Protocol):
    def ready(self) -> Request:
        """The request that is answered with 200 once the model is ready."""

    def request(self, case: Case) -> Request: ...

    def compare(self, case: Case, answer: Answer) -> str | None:
        """What is wrong with an answer, or None when it is the expected one."""
