"""CVSS base scores as severities. CVSS v4 is not computed: such a record alone is `unknown`.

Equations: CVSS v2.0 guide, 3.2.1; CVSS v3.1 specification, 7.1 (v3.0 differs only in its rounding,
never across the bounds of a severity).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from tidegate.advisories.osv import Severity

UNKNOWN = "unknown"
# The qualitative scale of CVSS v3.1, 5: the lowest score of each, highest first.
_SCALE = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (0.0, "low"))

_V3: Mapping[str, Mapping[str, float]] = {
    "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
    "AC": {"L": 0.77, "H": 0.44},
    "PR": {"N": 0.85, "L": 0.62, "H": 0.27},
    "UI": {"N": 0.85, "R": 0.62},
    "S": {"U": 0.0, "C": 1.0},
    "C": {"H": 0.56, "L": 0.22, "N": 0.0},
    "I": {"H": 0.56, "L": 0.22, "N": 0.0},
    "A": {"H": 0.56, "L": 0.22, "N": 0.0},
}
_V3_PRIVILEGES_CHANGED = {"N": 0.85, "L": 0.68, "H": 0.5}
_V2: Mapping[str, Mapping[str, float]] = {
    "AV": {"L": 0.395, "A": 0.646, "N": 1.0},
    "AC": {"H": 0.35, "M": 0.61, "L": 0.71},
    "Au": {"M": 0.45, "S": 0.56, "N": 0.704},
    "C": {"N": 0.0, "P": 0.275, "C": 0.66},
    "I": {"N": 0.0, "P": 0.275, "C": 0.66},
    "A": {"N": 0.0, "P": 0.275, "C": 0.66},
}


def rate(severities: Iterable[Severity]) -> str:
    """The highest severity that any of the vectors gives; `unknown` when none can be computed."""
    scores = [score for score in map(base_score, severities) if score is not None]
    if not scores:
        return UNKNOWN
    return next(name for lowest, name in _SCALE if max(scores) >= lowest)


def base_score(severity: Severity) -> float | None:
    """The base score, 0 to 10, or None for a vector that is malformed or of another kind."""
    if len(severity.score) > 500:
        return None
    metrics = dict(part.partition(":")[::2] for part in severity.score.strip("()").split("/"))
    try:
        if severity.type == "CVSS_V3" and metrics.get("CVSS") in {"3.0", "3.1"}:
            return _v3(metrics)
        if severity.type == "CVSS_V2":
            return _v2(metrics)
    except KeyError:
        return None
    return None


def _v3(metrics: Mapping[str, str]) -> float:
    value = {name: table[metrics[name]] for name, table in _V3.items()}
    changed = bool(value["S"])
    privileges = _V3_PRIVILEGES_CHANGED[metrics["PR"]] if changed else value["PR"]
    base = 1 - (1 - value["C"]) * (1 - value["I"]) * (1 - value["A"])
    impact = 7.52 * (base - 0.029) - 3.25 * (base - 0.02) ** 15 if changed else 6.42 * base
    exploitability = 8.22 * value["AV"] * value["AC"] * privileges * value["UI"]
    if impact <= 0:
        return 0.0
    return _round_up(min((1.08 if changed else 1.0) * (impact + exploitability), 10.0))


def _round_up(score: float) -> float:
    """To one decimal, upwards, without the noise of floats (CVSS v3.1 specification, appendix A)."""
    scaled = round(score * 100_000)
    return scaled / 100_000 if scaled % 10_000 == 0 else (math.floor(scaled / 10_000) + 1) / 10


def _v2(metrics: Mapping[str, str]) -> float:
    value = {name: table[metrics[name]] for name, table in _V2.items()}
    impact = 10.41 * (1 - (1 - value["C"]) * (1 - value["I"]) * (1 - value["A"]))
    exploitability = 20 * value["AV"] * value["AC"] * value["Au"]
    return round((0.6 * impact + 0.4 * exploitability - 1.5) * (1.176 if impact else 0.0), 1)
