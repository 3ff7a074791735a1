"""Credential helpers: `docker-credential-NAME get`, as Docker and containers run them."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping

import msgspec

from tidegate.auth.credential import Credential
from tidegate.errors import ConfigError, OutsideError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_ABSENT = ("credentials not found", "no credentials")
_TIMEOUT = 60.0
_MAX_ANSWER = 1 << 20
# The user name by which a helper says that the secret is an identity token.
_IDENTITY = "<token>"


class _Answer(msgspec.Struct, frozen=True):
    username: str = msgspec.field(default="", name="Username")
    secret: str = msgspec.field(default="", name="Secret")


def find_helper(name: str, environ: Mapping[str, str]) -> str | None:
    """The program of a helper, or None when PATH has none. Raises ConfigError for a name that can't be one."""
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is not the name of a credential helper")
    return shutil.which(f"docker-credential-{name}", path=environ.get("PATH", ""))


def ask_helper(program: str, key: str, environ: Mapping[str, str]) -> Credential | None:
    """The credential for a registry, or None when the helper has none. Raises OutsideError."""
    try:
        done = subprocess.run(
            [program, "get"], input=key.encode(), env=dict(environ), capture_output=True, timeout=_TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise OutsideError(f"{program}: {_why(error)}", hint="log in again, or remove it from the file") from error
    if done.returncode != 0:
        # The protocol puts errors on stdout; some helpers use stderr.
        message = (done.stdout or done.stderr)[:_MAX_ANSWER].decode(errors="replace").strip()
        if any(absent in message.lower() for absent in _ABSENT):
            return None
        last = message.splitlines()[-1][:200] if message else f"ended with status {done.returncode}"
        raise OutsideError(f"{program} has no credential for {key}: {last}", hint="log in with the helper's own tool")
    return _parse(done.stdout, program)


def _parse(data: bytes, program: str) -> Credential | None:
    if len(data) > _MAX_ANSWER:
        raise OutsideError(f"{program}: its answer has more than {_MAX_ANSWER} bytes")
    try:
        answer = msgspec.json.decode(data, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # The answer itself may hold a secret.
        raise OutsideError(f"{program}: its answer is not the JSON of a credential") from error
    if not answer.secret:
        return None
    if answer.username == _IDENTITY:
        return Credential(identity_token=answer.secret)
    return Credential(answer.username, answer.secret)


def _why(error: OSError | subprocess.TimeoutExpired) -> str:
    return f"no answer in {_TIMEOUT:.0f} s" if isinstance(error, subprocess.TimeoutExpired) else str(error.strerror)
