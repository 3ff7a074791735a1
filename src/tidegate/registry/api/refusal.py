"""Refusals in the spec's words (distribution-spec 1.1, "Error Codes")."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from aiohttp import web
from aiohttp.typedefs import Handler

from tidegate.errors import ContentError, DigestMismatch, Error, NotFoundError, RegistryError, StorageError
from tidegate.registry.storage.disk import is_full
from tidegate.registry.storage.uploads import UploadBusy

log = logging.getLogger(__name__)


class Refusal(RegistryError):
    """A refusal of this registry, with the headers that its answer has."""

    def __init__(self, message: str, *, status: int, code: str, headers: Mapping[str, str]) -> None:
        super().__init__(message, status=status, code=code)
        self.headers = headers


def refuse(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Refusal:
    """The error that answers a request with a status and one of the spec's codes."""
    return Refusal(message, status=status, code=code, headers=headers or {})


def answer(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """The spec's JSON body."""
    body = {"errors": [{"code": code, "message": message, "detail": None}]}
    return web.json_response(body, status=status, headers=headers)


@web.middleware
async def translate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every failure in the spec's form."""
    try:
        return await handler(request)
    except Refusal as error:
        return answer(error.status, error.code, error.message, error.headers)
    except StorageError as error:
        log.log(logging.ERROR, "%s %s: %s", request.method, request.path, error.message)
        return answer(507 if is_full(error) else 500, "UNKNOWN", "the registry's disk failed; its log says more")
    except UploadBusy as error:
        return answer(409, "BLOB_UPLOAD_INVALID", error.message)
    except Error as error:
        status, code = _of(error)
        return answer(status, code, error.message)
    except web.HTTPException as error:
        code = {404: "NAME_UNKNOWN", 405: "UNSUPPORTED"}.get(error.status, "UNKNOWN")
        if error.status < 400:
            raise
        return answer(error.status, code, error.reason)


def _of(error: Error) -> tuple[int, str]:
    if isinstance(error, DigestMismatch):
        return 400, "DIGEST_INVALID"
    if isinstance(error, NotFoundError):
        return 404, "NAME_UNKNOWN"
    if isinstance(error, ContentError):
        return 400, "MANIFEST_INVALID"
    return 500, "UNKNOWN"
