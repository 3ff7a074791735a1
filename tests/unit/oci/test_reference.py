from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.errors import ContentError, UsageError
from tidegate.oci.digest import Digest
from tidegate.oci.reference import REPOSITORY, TAG, Reference

DIGEST = Digest.of(b"")
_component = st.from_regex(r"[a-z0-9]{1,8}((\.|_|__|-)[a-z0-9]{1,8}){0,2}", fullmatch=True)
_repositories = st.lists(_component, min_size=1, max_size=3).map("/".join)
_registries = st.sampled_from(["localhost", "localhost:5000", "ghcr.io", "registry.acme.example:8443", "[::1]:5000"])
_tags = st.none() | st.from_regex(TAG, fullmatch=True)


@given(_registries, _repositories, _tags, st.sampled_from([None, DIGEST]))
def test_printing_and_parsing_agree(registry: str, repository: str, tag: str | None, digest: Digest | None) -> None:
    """Every reference with a registry survives the round trip."""
    reference = Reference(registry, repository, tag, digest)
    assert Reference.parse(str(reference)) == reference


@given(st.text(max_size=60))
def test_arbitrary_text_is_refused_or_well_formed(text: str) -> None:
    """What is accepted has only parts of the specification's grammar."""
    try:
        reference = Reference.parse(text)
    except (UsageError, ContentError):
        return
    assert REPOSITORY.fullmatch(reference.repository)
    assert reference.tag is None or TAG.fullmatch(reference.tag)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("python", Reference("docker.io", "library/python")),
        ("python:3.12-slim", Reference("docker.io", "library/python", "3.12-slim")),
        ("acme/digits", Reference("docker.io", "acme/digits")),
        ("localhost/digits", Reference("localhost", "digits")),
        ("127.0.0.1:5000/a/b:1", Reference("127.0.0.1:5000", "a/b", "1")),
        (f"ghcr.io/acme/digits:1@{DIGEST}", Reference("ghcr.io", "acme/digits", "1", DIGEST)),
    ],
)
def test_short_names_mean_what_docker_means(text: str, expected: Reference) -> None:
    """Without a registry it is Docker Hub, with `library` for official images."""
    assert Reference.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", ":tag", "ghcr.io/", "ghcr.io/Acme/x", "ghcr.io/a//b", "ghcr.io/a/../b", "ghcr.io/a:", "ghcr.io/a:b c",
     "ghcr.io/" + "a" * 256, "http://ghcr.io/a", "ghcr.io/a:" + "t" * 129],
)  # fmt: skip
def test_wrong_parts_are_named(text: str) -> None:
    """Each wrong reference is a usage error."""
    with pytest.raises(UsageError):
        Reference.parse(text)


def test_tag_and_digest_replace_one_another() -> None:
    """A reference moved to a tag or a digest keeps its repository alone."""
    reference = Reference.parse(f"ghcr.io/acme/digits:1@{DIGEST}")
    assert str(reference.with_tag("2")) == "ghcr.io/acme/digits:2"
    assert str(reference.with_digest(DIGEST)) == f"ghcr.io/acme/digits@{DIGEST}"
    assert reference.name == "ghcr.io/acme/digits"
