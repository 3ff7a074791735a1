"""The page for people."""

from __future__ import annotations

from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.release.report.samples import ALL, FAILED, INCOMPLETE, PASSED, found, scanned

from tidegate.project.verdict import Verdict
from tidegate.release.report.html import render
from tidegate.release.report.markup import element
from tidegate.release.report.model import ReleaseReport
from tidegate.trace.record import Stage

_VOID = {"meta", "br"}


class Page(HTMLParser):
    """Checks that elements nest; keeps names, attributes and text."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page.decode())
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes += attrs
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("report", ALL)
def test_nothing_is_loaded_and_nothing_runs(report: ReleaseReport) -> None:
    """One file that opens without a network: no scripts, images, links to styles, or handlers."""
    page = Page(render(report))
    assert not page.names & {"script", "link", "img", "iframe", "object", "svg"}
    assert not {name for name, _ in page.attributes} & {"src", "onclick", "onload"}
    assert "url(" not in page.text


@pytest.mark.parametrize("report", ALL)
def test_the_verdict_is_at_the_top(report: ReleaseReport) -> None:
    """Before everything else."""
    text = Page(render(report)).text
    assert str(report.verdict) in text[: text.index("Commit") if report.commit else None]


def test_a_release_shows_its_facts() -> None:
    """Digest, commit, reference, stages, cases, limits, findings, contents."""
    text = Page(render(PASSED)).text
    expected = [PASSED.digest, PASSED.commit, PASSED.references[0], "4 layers", "tests/1.json", "11.3 of 80 ms"]
    for word in [*map(str, expected), "A-1", "a 1", "not reachable (@me, until 2027-01-01)", "matches nothing", "61"]:
        assert word in text


def test_what_was_not_done_is_said_loudly() -> None:
    """In a box of its own, before the facts."""
    text = Page(render(INCOMPLETE)).text
    assert text.index("no data on this machine") < text.index("Commit")


def test_a_stopped_release_says_why_and_what_next() -> None:
    """And shows the model's own log, and that nothing was pushed."""
    text = Page(render(FAILED)).text
    for word in ("outputs[0] is 7", "train again", "ValueError: bad", "? of 9 MB", "nowhere"):
        assert word in text


@given(st.text())
def test_any_text_stays_text(text: str) -> None:
    """Whatever a model or a registry calls itself, it never becomes markup."""
    report = msgspec.structs.replace(
        PASSED, model=text, branch=text, run_url=text, stages=(Stage(name=text, verdict=Verdict.PASSED, message=text),)
    )
    page = Page(render(report))
    assert page.names <= Page(render(PASSED)).names | {"a"}


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//evil.example"])
def test_only_web_addresses_become_links(url: str) -> None:
    """The run's address comes from the environment."""
    assert "a" not in Page(render(msgspec.structs.replace(PASSED, run_url=url))).names


def test_a_flood_of_findings_is_cut() -> None:
    """A page of a hundred thousand rows opens nowhere."""
    many = scanned(*(found(f"X-{number:03}", "low") for number in range(700)))
    text = Page(render(msgspec.structs.replace(PASSED, scans=(many,)))).text
    assert "X-499" in text
    assert "X-500" not in text
    assert "200 more are in release.json" in text


def test_attributes_are_escaped() -> None:
    """A quote does not end one."""
    assert element("p", "<", title='"><b>') == '<p title="&quot;&gt;&lt;b&gt;">&lt;</p>'
