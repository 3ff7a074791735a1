"""The report for people: one HTML file without scripts, fonts or anything else from a network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from tidegate.imagetest.report import LimitResult
from tidegate.project.verdict import Verdict
from tidegate.release.report import checks
from tidegate.release.report.markup import Markup, element, join
from tidegate.release.report.model import ReleaseReport
from tidegate.scan.report import Finding
from tidegate.trace.record import Stage

_STYLE = Path(__file__).with_name("report.css")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
# Rows beyond these are in release.json.
_MAX_ROWS = 500
_WORDS = {Verdict.PASSED: "✓ passed", Verdict.FAILED: "✗ failed", Verdict.INCOMPLETE: "! not done"}


def render(report: ReleaseReport) -> bytes:
    """The whole page, UTF-8."""
    title = report.title
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'),
        element("title", f"{title}: {report.verdict}"),
        element("style", Markup(_STYLE.read_text(encoding="utf-8"))),
    )
    body = element("body", element("main", _header(report, title), *_sections(report)), _footer(report))
    return b"<!doctype html>\n" + element("html", head, body, lang="en").encode("utf-8", "replace")


def _sections(report: ReleaseReport) -> Iterable[Markup | None]:
    yield _error(report)
    yield _not_done(report)
    yield element("section", _facts(report))
    yield _section("Stages", _stages(report.stages))
    yield _section("Golden cases", _cases(report))
    yield _section("Limits", _limits(checks.limits(report)))
    yield _section("Log of the model", *(element("pre", log) for log in checks.logs(report)))
    found = checks.findings(report)
    yield _section(f"Findings ({_count(found)})", _findings([item for item in found if not item.suppressed]))
    yield _section("Excepted findings", _findings([item for item in found if item.suppressed]))
    yield _section("Notes", *(element("p", note) for note in checks.notes(report)))
    yield _section("Contents", _components(report))
    yield _section("Evidence", _table(("kind", "digest"), [(kind, _code(d)) for kind, d in report.evidence.items()]))


def _header(report: ReleaseReport, title: str) -> Markup:
    verdict = "incomplete" if report.verdict is Verdict.INCOMPLETE else report.verdict.value
    return element(
        "header",
        element("p", "Tidegate release", " · dry run, nothing was pushed" if report.dry_run else "", class_="kicker"),
        element("h1", title, " ", element("span", verdict, class_=f"badge {verdict}")),
        element("p", _code(report.digest), class_="digest") if report.digest else element("p", "no image was made"),
    )


def _error(report: ReleaseReport) -> Markup | None:
    if report.error is None:
        return None
    hint = element("p", report.error.hint) if report.error.hint else None
    return element("aside", element("h2", "Stopped"), element("p", report.error.message), hint, class_="failed")


def _not_done(report: ReleaseReport) -> Markup | None:
    if not report.not_done:
        return None
    items = (element("li", text) for text in report.not_done)
    return element("aside", element("h2", "Not done"), element("ul", *items), class_="incomplete")


def _facts(report: ReleaseReport) -> Markup:
    dirty = " with changes that were not committed" if report.dirty else ""
    rows: tuple[tuple[str, str | None], ...] = (
        ("Commit", join(_code(report.commit), dirty) if report.commit else None),
        ("Committed", report.committed),
        ("Branch", report.branch),
        ("Source", report.source),
        ("Tags", join(*(element("span", tag, class_="chip") for tag in report.tags)) if report.references else None),
        ("Pushed to", join(*(element("div", _code(reference)) for reference in report.references)) or "nowhere"),
        ("Left out", join(*(element("div", text) for text in report.skipped))),
        ("Released by", " on ".join(part for part in (report.who, report.ci) if part)),
        ("Run", _link(report.run_url)),
    )
    pairs = (join(element("dt", name), element("dd", value)) for name, value in rows if value)
    return element("dl", *pairs)


def _stages(stages: Sequence[Stage]) -> Markup | None:
    longest = max((stage.seconds for stage in stages), default=0.0) or 1.0
    rows = [
        (
            stage.name,
            _verdict(stage.verdict),
            element("span", _bar(stage.seconds / longest, "plain"), f" {_seconds(stage.seconds)}", class_="line"),
            stage.message,
        )
        for stage in stages
    ]
    return _table(("stage", "verdict", "time", ""), rows)


def _cases(report: ReleaseReport) -> Markup | None:
    rows = [
        (case.name, _verdict(case.verdict), _seconds(case.seconds), element("span", case.message, class_="message"))
        for case in checks.cases(report)
    ]
    return _table(("case", "verdict", "time", ""), rows)


def _limits(limits: Sequence[LimitResult]) -> Markup | None:
    rows = [
        (
            limit.name,
            _verdict(limit.verdict),
            element(
                "span",
                _bar(checks.share(limit), limit.verdict.value),
                f" {'?' if limit.measured is None else f'{limit.measured:g}'} of {limit.limit:g} {limit.unit}",
                class_="line",
            ),
            limit.message,
        )
        for limit in limits
    ]
    return _table(("limit", "verdict", "used", ""), rows)


def _findings(found: Sequence[Finding]) -> Markup | None:
    rows = [
        (
            element("span", item.severity or "unknown", class_=f"chip {item.severity}"),
            join(item.id, element("div", item.category, class_="quiet")),
            join(
                item.subject, element("div", item.location, class_="quiet") if item.location != item.subject else None
            ),
            item.fixed_in or "",
            checks.exception(item) or item.message,
        )
        for item in found
    ]
    return _table(("severity", "finding", "in", "fixed in", ""), rows)


def _components(report: ReleaseReport) -> Markup | None:
    return _table(("type", "components"), [(item.type, str(item.count)) for item in report.components])


def _count(found: Sequence[Finding]) -> str:
    excepted = sum(1 for item in found if item.suppressed)
    return f"{len(found) - excepted}, {excepted} excepted" if excepted else str(len(found))


def _section(title: str, *children: Markup | None) -> Markup | None:
    content = [child for child in children if child]
    return element("section", element("h2", title), *content) if content else None


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup | None:
    if not rows:
        return None
    body = (element("tr", *(element("td", cell) for cell in row)) for row in rows[:_MAX_ROWS])
    more = f"{len(rows) - _MAX_ROWS} more are in release.json" if len(rows) > _MAX_ROWS else ""
    table = element(
        "table",
        element("thead", element("tr", *(element("th", head) for head in heads))),
        element("tbody", *body),
    )
    return join(element("div", table, class_="scroll"), element("p", more, class_="quiet") if more else None)


def _verdict(verdict: Verdict) -> Markup:
    return element("span", _WORDS[verdict], class_=f"verdict {verdict}")


def _bar(share: float, kind: str) -> Markup:
    width = min(max(share, 0.0), 1.0)
    return element("span", element("span", style=f"width:{width:.0%}", class_=kind), class_="bar")


def _code(text: str) -> Markup:
    return element("code", text)


def _link(url: str) -> Markup | None:
    # Anything else, such as javascript:, stays text.
    if not url:
        return None
    return element("a", url, href=url) if url.startswith(("https://", "http://")) else _code(url)


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _footer(report: ReleaseReport) -> Markup:
    return element("footer", " · ".join(part for part in (report.tool, report.finished) if part))
