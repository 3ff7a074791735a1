"""The catalogue as one HTML page, without scripts."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from html import escape
from itertools import groupby, islice

from tidegate.registry.catalogue.listing import Row

_MAX_ROWS = 1000
_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #888; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.05rem; margin: 2rem 0 .4rem; }
table { width: 100%; border-collapse: collapse; }
th, td { text-align: left; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); }
td { overflow-wrap: anywhere; }
th { font-weight: 500; color: var(--soft); } code { font-size: .85em; }
.passed { color: #1a7f37; } .failed { color: #cf222e; } .incomplete { color: #9a6700; }
p, footer { color: var(--soft); }
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def render(rows: Iterable[Row]) -> str:
    """The page, with at most 1000 rows."""
    shown = iter(rows)
    sections = [
        _section(name, list(group)) for name, group in groupby(islice(shown, _MAX_ROWS), lambda row: row.repository)
    ]
    body = "".join(sections) or "<p>Nothing is here yet: push an image.</p>"
    more = f"<p>Only the first {_MAX_ROWS} tags are shown.</p>" if next(shown, None) else ""
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Tidegate registry</title><style>{_STYLE}</style>"
        f"<h1>Tidegate registry</h1>{body}{more}</html>"
    )


def _section(name: str, rows: list[Row]) -> str:
    lines = "".join(map(_line, rows))
    head = "<tr><th>Tag<th>Digest<th>Commit<th>Verdict<th>Released</tr>"
    return f"<h2>{escape(name)}</h2><table><thead>{head}</thead><tbody>{lines}</tbody></table>"


def _line(row: Row) -> str:
    verdict = escape(row.verdict)
    return (
        f"<tr><td>{escape(row.tag)}<td><code title='{escape(row.digest)}'>{escape(row.digest[:19])}</code>"
        f"<td><code title='{escape(row.commit)}'>{escape(row.commit[:12])}</code>"
        f"<td class='{verdict}'>{verdict}<td>{escape(row.created)}</tr>"
    )
