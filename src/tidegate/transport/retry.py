"""When to try a request again, and after how long."""

from __future__ import annotations

import email.utils
import random
from dataclasses import dataclass

BUSY = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a request is tried, and the longest wait in seconds between two tries."""

    attempts: int = 5
    first_wait: float = 0.5
    longest_wait: float = 30.0

    def wait(self, attempt: int, retry_after: str | None, now: float) -> float:
        """Seconds before try `attempt + 1`: what Retry-After asks for (RFC 9110, 10.2.3), else full jitter."""
        asked = _retry_after(retry_after, now)
        if asked is not None:
            return min(asked, self.longest_wait)
        return random.uniform(0.5, 1.0) * min(self.first_wait * 2.0**attempt, self.longest_wait)  # noqa: S311 - no secret


DEFAULT_RETRY = RetryPolicy()
NO_RETRY = RetryPolicy(attempts=1)


def _retry_after(value: str | None, now: float) -> float | None:
    if value is None:
        return None
    if value.isascii() and value.isdecimal():
        return float(value[:9])
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, OverflowError):
        return None
