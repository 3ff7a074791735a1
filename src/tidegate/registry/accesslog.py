"""One line for each request, as `key=value` words."""

from __future__ import annotations

import logging
import sys

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger


class AccessLog(AbstractAccessLogger):
    """Never logs a header: they may hold credentials."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        self.logger.info(
            "remote=%s method=%s path=%s status=%d bytes=%d seconds=%.3f",
            request.remote,
            request.method,
            ascii(request.path_qs)[1:-1].replace(" ", "%20"),
            response.status,
            response.body_length,
            time,
        )


def logger() -> logging.Logger:
    """A logger that writes each line with its time to stderr."""
    made = logging.getLogger("tidegate.registry.access")
    made.setLevel(logging.INFO)
    made.propagate = False
    if not made.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("time=%(asctime)s %(message)s", "%Y-%m-%dT%H:%M:%S"))
        made.addHandler(handler)
    return made
