from __future__ import annotations

import itertools
import re

from tidegate.oci.digest import Digest
from tidegate.registry.catalogue.listing import Row
from tidegate.registry.catalogue.page import HEADERS, render

DIGEST = Digest.of(b"image")


def test_a_release_shows_tag_digest_commit_and_verdict() -> None:
    """A row says what was released from which commit with which verdict."""
    page = render([Row("acme/digits", "1.4.0", DIGEST, "c0ffee" * 6, "passed", "2026-01-02T03:04:05Z")])
    for text in ("acme/digits", "1.4.0", DIGEST, "c0ffee" * 6, "passed", "2026-01-02T03:04:05Z"):
        assert text in page


def test_everything_from_outside_is_escaped() -> None:
    """Markup in a name, commit or verdict is shown, not run, quotes in attributes too."""
    evil = "'\"><script>alert(1)</script>"
    page = render([Row(evil, evil, DIGEST, evil, evil, evil)])
    assert "<script" not in page
    assert not re.search(r"(title|class)='[^']*'\"", page)


def test_the_page_loads_nothing_from_elsewhere() -> None:
    """No address of another host, no scripts, and a policy that forbids both."""
    page = render([Row("a", "b", DIGEST)])
    assert "http" not in page
    assert HEADERS["Content-Security-Policy"].startswith("default-src 'none'")


def test_rows_of_one_repository_stand_together() -> None:
    """A repository is a heading with its tags below."""
    page = render([Row("a", "1", DIGEST), Row("a", "2", DIGEST), Row("b", "1", DIGEST)])
    assert page.count("<h2>") == 2


def test_an_empty_registry_says_what_to_do() -> None:
    """With nothing to show the page says so."""
    assert "push an image" in render([])


def test_a_long_list_is_cut() -> None:
    """No more than a thousand rows are shown, and the page says that there are more."""
    page = render(Row("a", str(number), DIGEST) for number in itertools.islice(itertools.count(), 1500))
    assert page.count("<tr><td>") == 1000
    assert "Only the first 1000" in page
