"""Where a release goes: the `push:` entries and `--to` whose conditions hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from tidegate.errors import ConfigError, UsageError
from tidegate.oci.reference import Reference
from tidegate.project.config import Destination, When

# Docker Hub would be asked for repositories of these names.
_LOCAL = ("oci:", "docker-archive:", "oci-archive:", "docker:", "dir:")


@dataclass(frozen=True, slots=True)
class Target:
    """A repository to push to, and the tag that was written behind it, if one was."""

    repository: Reference
    tag: str | None = None

    def __str__(self) -> str:
        return self.repository.name


def from_arguments(addresses: Sequence[str]) -> tuple[Target, ...]:
    """The targets of `--to`. Raises UsageError."""
    return tuple(map(parse, addresses))


def from_config(
    destinations: Sequence[Destination], branch: str | None, git_tags: Sequence[str]
) -> tuple[tuple[Target, ...], tuple[str, ...]]:
    """The targets whose conditions hold, and for each other one a sentence that says why not.

    Patterns are shell patterns. Raises ConfigError that names the key.
    """
    chosen, skipped = [], []
    for number, destination in enumerate(destinations):
        try:
            target = parse(destination.to)
        except UsageError as error:
            raise ConfigError(f"push[{number}].to: {error.message}", hint=error.hint) from error
        reason = _unmet(destination.when, branch, git_tags)
        if reason:
            skipped.append(f"{target}: {reason}")
        else:
            chosen.append(target)
    return tuple(chosen), tuple(skipped)


def parse(address: str) -> Target:
    """A repository in a registry, with or without a tag. Raises UsageError."""
    if address.startswith(_LOCAL):
        raise UsageError(
            f"{address}: not a repository in a registry",
            hint="write REGISTRY/REPOSITORY[:TAG]; to a file: tidegate build --output oci:PATH",
        )
    reference = Reference.parse(address)
    if reference.digest is not None:
        raise UsageError(
            f"{reference}: a digest can't be a destination", hint="name a repository, with or without a tag"
        )
    return Target(Reference(reference.registry, reference.repository), reference.tag)


def _unmet(when: When | None, branch: str | None, git_tags: Sequence[str]) -> str:
    if when is None:
        return ""
    if when.branch is not None and not (branch and fnmatchcase(branch, when.branch)):
        return f"for branch {when.branch}, this is {branch or 'none'}"
    if when.tag is not None and not any(fnmatchcase(tag, when.tag) for tag in git_tags):
        return f"for git tags {when.tag}, this commit has {', '.join(git_tags) or 'none'}"
    return ""
