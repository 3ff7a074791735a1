"""No protocol: the model starts, and either stays up or ends with exit code 0."""

from __future__ import annotations

from tidegate.imagetest.interface import Running

# Long enough for an import error to show, in seconds.
_STAYS = 3.0


def check(model: Running, ready_s: float) -> str | None:
    """What is wrong, or None."""
    code = model.wait(min(_STAYS, ready_s))
    return None if code in {None, 0} else f"the model ended with exit code {code}"
