"""A registry's refusal as an error: the spec's code and message, the address, and what to do next."""

from __future__ import annotations

import re

import msgspec

from tidegate.errors import ContentError, NetworkError, RegistryError
from tidegate.transport.http import Response
from tidegate.transport.redaction import redact

_MAX_ANSWER = 64 << 10
_MAX_MESSAGE = 300
_UNPRINTABLE = re.compile(r"[^\x20-\x7e\u00a0-\uffff]+")


class _Problem(msgspec.Struct, frozen=True):
    code: str = ""
    message: str = ""


class _Answer(msgspec.Struct, frozen=True):
    errors: tuple[_Problem, ...] = ()


def refusal(response: Response, what: str) -> RegistryError:
    """The error for an answer nobody wanted; `what` says what was tried, such as "push blob sha256:…"."""
    problem = _problem(response)
    said = " ".join(part for part in (problem.code, _UNPRINTABLE.sub(" ", problem.message)[:_MAX_MESSAGE]) if part)
    message = f"{redact(response.url)}: can't {what}: {response.status}{': ' + redact(said) if said else ''}"
    hint = _hint(response, problem.code)
    return RegistryError(message, status=response.status, code=problem.code, hint=hint)


def _problem(response: Response) -> _Problem:
    """The first error of the body (distribution-spec 1.1, "Error Codes"); empty when it holds none."""
    try:
        answer = msgspec.json.decode(response.read(_MAX_ANSWER), type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ContentError, NetworkError):
        return _Problem()
    problem = answer.errors[0] if answer.errors else _Problem()
    return _Problem(problem.code[:60] if re.fullmatch(r"[A-Z0-9_]+", problem.code) else "", problem.message)


def _hint(response: Response, code: str) -> str:
    status = response.status
    if status == 403 or code == "DENIED":
        return "the account may not do this there: check its rights, or log in with another one"
    if code == "UNSUPPORTED" or status == 405:
        return "this registry does not offer it, or has it switched off"
    return _HINTS.get(status, "the registry has trouble of its own: try again later" if status >= 500 else "")


_HINTS = {
    401: "log in to the registry: `docker login`, `podman login`, or TIDEGATE_REGISTRY_HOST, _USERNAME and _PASSWORD",
    404: "some registries want a repository to be created before the first push; check its name too",
    413: "the registry, or a proxy before it, limits the size of an upload: raise it there",
    429: "the registry limits how often it may be asked: wait, or log in for a higher limit",
}
