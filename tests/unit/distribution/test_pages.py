"""The Link header of lists."""

from __future__ import annotations

import pytest

from tidegate.distribution.pages import next_page

URL = "https://r.example/v2/acme/digits/tags/list?n=2"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('</v2/acme/digits/tags/list?last=b&n=2>; rel="next"', "https://r.example/v2/acme/digits/tags/list?last=b&n=2"),
        ("<list?last=b>;rel=next", "https://r.example/v2/acme/digits/tags/list?last=b"),
        ('<https://r.example/x>; title="a, b"; rel="prev next"', "https://r.example/x"),
        ('</first>; rel="first", </second>; rel="next"', "https://r.example/second"),
        ('</first>; rel="first"', None),
        ("", None),
        ("nonsense", None),
    ],
)
def test_the_next_page_is_found(header: str, expected: str | None) -> None:
    """Absolute or relative, among others, quoted or not."""
    assert next_page(header, URL) == expected
