"""Secrets in messages."""

from __future__ import annotations

import pytest

from tidegate.transport.redaction import redact


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://me:s3cret@r.example/v2/", "https://***@r.example/v2/"),
        ("https://r.example/v2/?token=s3cret&x=1", "https://r.example/v2/?***"),
        ("Authorization: Bearer s3crets3cret", "Authorization: Bearer ***"),
        ("authorization: basic czNjcmV0czNjcmV0", "authorization: basic ***"),
        (
            "see 'https://a:b@x.example/?q' and http://y.example/",
            "see 'https://***@x.example/?***' and http://y.example/",
        ),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_what_is_secret_is_cut_out(text: str, expected: str) -> None:
    """Users, passwords, queries and authorization values; the rest stays readable."""
    assert redact(text) == expected
