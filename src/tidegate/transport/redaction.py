"""Keeping secrets out of messages and logs."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

MASK = "***"
_URL = re.compile(r"https?://[^\s'\"<>]+")
_AUTHORIZATION = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9+/._~=-]{8,}")


def redact(text: str) -> str:
    """The text with user information and query values cut out of URLs, and authorization values masked."""
    return _AUTHORIZATION.sub(rf"\1 {MASK}", _URL.sub(lambda match: _redact_url(match[0]), text))


def _redact_url(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return MASK
    host = parts.netloc.rpartition("@")[2]
    netloc = f"{MASK}@{host}" if "@" in parts.netloc else host
    return urlunsplit((parts.scheme, netloc, parts.path, MASK if parts.query else "", ""))
