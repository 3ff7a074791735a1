"""What GitHub Actions shows: the step summary, annotations, and the step's outputs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from tidegate.errors import StorageError
from tidegate.project.verdict import Verdict
from tidegate.release.report import checks
from tidegate.release.report.model import ReleaseReport

# GitHub refuses a longer summary, bytes, and shows no more annotations of one step.
MAX_SUMMARY = 1024 << 10
MAX_ANNOTATIONS = 10
_MAX_ROWS = 200
_SIGNS = {Verdict.PASSED: "✅", Verdict.FAILED: "❌", Verdict.INCOMPLETE: "⚠️"}
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~<>&@:-])")


def publish(report: ReleaseReport, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Append summary and outputs to the files that the runner names; the lines to print for annotations.

    Does nothing outside of GitHub Actions. Raises StorageError.
    """
    if environ.get("GITHUB_ACTIONS") != "true":
        return ()
    _append(environ.get("GITHUB_STEP_SUMMARY"), summary(report))
    _append(environ.get("GITHUB_OUTPUT"), outputs(report))
    return commands(report)


def summary(report: ReleaseReport) -> str:
    """Markdown of at most 1024 KiB; what does not fit is left out from the end."""
    lines = [
        f"## {_SIGNS[report.verdict]} {_text(report.title)}: {report.verdict}",
        "",
        f"`{report.digest}`" if report.digest else "No image was made.",
        "",
        *_error(report),
        *_not_done(report),
        *_facts(report),
        *_stages(report),
        *_cases(report),
        *_limits(report),
        *_findings(report),
    ]
    return _cut("\n".join(lines) + "\n")


def commands(report: ReleaseReport) -> tuple[str, ...]:
    """At most ten workflow commands: why it stopped first, then failed cases, limits and findings, then warnings."""
    errors = [("Stopped", report.error.message)] if report.error else []
    errors += [(f"golden case {case.name}", case.message) for case in checks.cases(report) if _failed(case.verdict)]
    errors += [(f"limit {item.name}", item.message) for item in checks.limits(report) if _failed(item.verdict)]
    errors += [
        (f"{item.severity} {item.id}", f"{item.subject} {item.message}".strip())
        for item in checks.findings(report)
        if item.fails
    ]
    warnings = [("Not done", text) for text in report.not_done]
    lines = [_command("error", *item) for item in errors] + [_command("warning", *item) for item in warnings]
    return tuple(lines[:MAX_ANNOTATIONS])


def outputs(report: ReleaseReport) -> str:
    """`verdict`, `digest` and `reference` for later steps."""
    values = {
        "verdict": report.verdict.value,
        "digest": report.digest or "",
        "reference": next(iter(report.references), ""),
    }
    return "".join(f"{key}={value}\n" for key, value in values.items())


def _error(report: ReleaseReport) -> Sequence[str]:
    if report.error is None:
        return []
    hint = f" {_text(report.error.hint)}" if report.error.hint else ""
    return ["> [!CAUTION]", f"> {_text(report.error.message)}{hint}", ""]


def _not_done(report: ReleaseReport) -> Sequence[str]:
    if not report.not_done:
        return []
    return ["> [!WARNING]", "> Not done:", *(f"> - {_text(text)}" for text in report.not_done), ""]


def _facts(report: ReleaseReport) -> Sequence[str]:
    dirty = " with changes that were not committed" if report.dirty else ""
    lines = [f"- commit `{report.commit}`{dirty}"] if report.commit else []
    lines += [f"- pushed `{_code(reference)}`" for reference in report.references]
    lines += ["- nothing was pushed: dry run"] if report.dry_run else []
    return [*lines, ""]


def _stages(report: ReleaseReport) -> Sequence[str]:
    rows = [(s.name, _SIGNS[s.verdict], f"{s.seconds:.1f} s", s.message) for s in report.stages]
    return _table(("stage", "", "time", ""), rows)


def _cases(report: ReleaseReport) -> Sequence[str]:
    rows = [(case.name, _SIGNS[case.verdict], case.message) for case in checks.cases(report)]
    return _table(("golden case", "", ""), rows)


def _limits(report: ReleaseReport) -> Sequence[str]:
    rows = [
        (
            item.name,
            _SIGNS[item.verdict],
            "not measured" if item.measured is None else f"{item.measured:g} {item.unit}",
            f"{item.limit:g} {item.unit}",
        )
        for item in checks.limits(report)
    ]
    return _table(("limit", "", "measured", "allowed"), rows)


def _findings(report: ReleaseReport) -> Sequence[str]:
    rows = [
        (item.severity, item.id, item.subject, item.fixed_in or "")
        for item in checks.findings(report)
        if not item.suppressed
    ]
    return _table(("severity", "finding", "in", "fixed in"), rows)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Sequence[str]:
    if not rows:
        return []
    lines = [f"| {' | '.join(heads)} |", "|" + " --- |" * len(heads)]
    lines += [f"| {' | '.join(map(_text, row))} |" for row in rows[:_MAX_ROWS]]
    more = [f"{len(rows) - _MAX_ROWS} more are in the report."] if len(rows) > _MAX_ROWS else []
    return [*lines, *(["", *more] if more else []), ""]


def _text(text: str) -> str:
    """Plain text in Markdown: on one line, with nothing that means something."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _code(text: str) -> str:
    return text.replace("`", "'")


def _cut(text: str) -> str:
    data = text.encode("utf-8", "replace")
    if len(data) <= MAX_SUMMARY:
        return text
    note = "\n\nCut: the rest is in the report.\n"
    lines = data[: MAX_SUMMARY - len(note)].rpartition(b"\n")[0]
    return lines.decode("utf-8", "ignore") + note


def _failed(verdict: Verdict) -> bool:
    return verdict is Verdict.FAILED


def _command(kind: str, title: str, message: str) -> str:
    """A workflow command (GitHub docs, "Workflow commands"); line ends and separators are escaped."""
    data = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    name = title.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A").replace(":", "%3A").replace(",", "%2C")
    return f"::{kind} title={name}::{data}"


def _append(path: str | None, text: str) -> None:
    if not path:
        return
    try:
        with Path(path).open("a", encoding="utf-8", errors="replace") as stream:
            stream.write(text)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error
