"""Remembering which repositories of a registry may hold a blob already."""

from __future__ import annotations

from pathlib import Path

from tidegate.distribution.neighbours import Neighbours
from tidegate.oci.reference import Reference


def reference(repository: str, registry: str = "registry.acme.example") -> Reference:
    return Reference(registry, repository)


def test_other_repositories_of_the_same_registry_the_last_one_first(tmp_path: Path) -> None:
    """The repository itself is no neighbour, nor is one on another registry."""
    neighbours = Neighbours(tmp_path / "cache" / "repositories.json")
    for name in ("a", "b", "c"):
        neighbours.add(reference(name))
    neighbours.add(reference("d", "other.acme.example"))
    assert Neighbours(tmp_path / "cache" / "repositories.json").of(reference("b")) == ("c", "a")


def test_only_the_last_few_are_asked(tmp_path: Path) -> None:
    """Each costs a request for each missing blob."""
    neighbours = Neighbours(tmp_path / "repositories.json")
    for number in range(20):
        neighbours.add(reference(f"model-{number}"))
    assert neighbours.of(reference("new")) == ("model-19", "model-18", "model-17", "model-16")


def test_a_broken_file_is_as_good_as_none(tmp_path: Path) -> None:
    """It is a cache."""
    path = tmp_path / "repositories.json"
    path.write_text('{"registry": 1}')
    assert Neighbours(path).of(reference("a")) == ()


def test_a_place_that_can_not_be_written_to_is_no_failure(tmp_path: Path) -> None:
    """Reading from a registry needs no disk."""
    (tmp_path / "file").write_text("")
    Neighbours(tmp_path / "file" / "repositories.json").add(reference("a"))
