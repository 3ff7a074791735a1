from __future__ import annotations

import pytest

from tidegate.errors import ConfigError, UsageError
from tidegate.project.config import Destination, When
from tidegate.release.destinations import from_arguments, from_config

DIGEST = f"sha256:{'ab' * 32}"


def names(destinations: list[Destination], branch: str | None, tags: tuple[str, ...] = ()) -> list[str]:
    chosen, _ = from_config(destinations, branch, tags)
    return [target.repository.name for target in chosen]


def test_arguments_name_repositories_with_or_without_a_tag() -> None:
    """The tag is kept apart from the repository."""
    plain, tagged = from_arguments(["r.example/a", "r.example:5000/b:1.0"])
    assert (str(plain), plain.tag) == ("r.example/a", None)
    assert (str(tagged), tagged.tag) == ("r.example:5000/b", "1.0")
    assert tagged.repository.tag is None


@pytest.mark.parametrize("address", [f"r.example/a@{DIGEST}", "r.example/A", "http://r.example/a", ""])
def test_what_is_no_destination_is_wrong_usage(address: str) -> None:
    """A digest, a wrong name, a URL, nothing."""
    with pytest.raises(UsageError):
        from_arguments([address])


def test_a_wrong_destination_in_the_configuration_names_its_key() -> None:
    """By its place in the list."""
    with pytest.raises(ConfigError, match=r"push\[1\]\.to"):
        from_config([Destination(to="r.example/a"), Destination(to="r.example/A")], "main", ())


def test_conditions_are_shell_patterns_and_all_must_hold() -> None:
    """Branch and git tag; without a condition it is always chosen."""
    destinations = [
        Destination(to="r.example/always"),
        Destination(to="r.example/main", when=When(branch="main")),
        Destination(to="r.example/rel", when=When(branch="release/*")),
        Destination(to="r.example/tag", when=When(tag="v[0-9]*")),
        Destination(to="r.example/both", when=When(branch="main", tag="v*")),
    ]
    assert names(destinations, "main") == ["r.example/always", "r.example/main"]
    assert names(destinations, "release/1") == ["r.example/always", "r.example/rel"]
    assert names(destinations, "main", ("v1",)) == [f"r.example/{name}" for name in ("always", "main", "tag", "both")]
    assert names(destinations, None) == ["r.example/always"]


def test_what_is_left_out_is_said_with_its_reason() -> None:
    """Nothing is skipped silently."""
    _, skipped = from_config([Destination(to="r.example/a", when=When(branch="main"))], "topic", ())
    assert skipped == ("r.example/a: for branch main, this is topic",)
    _, skipped = from_config([Destination(to="r.example/a", when=When(tag="v*"))], None, ())
    assert skipped == ("r.example/a: for git tags v*, this commit has none",)
