"""The commit that is released: whether the work tree is that commit, and which tags it gives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tidegate.errors import ConfigError
from tidegate.project.config import Config
from tidegate.project.reader import Project
from tidegate.release.services import Services
from tidegate.release.tags import Facts, Tag, facts_of, tags
from tidegate.vcs.ci import Run, read_run
from tidegate.vcs.git import Checkout, read_checkout

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Source:
    """A checkout with what the CI says of it."""

    checkout: Checkout
    run: Run
    facts: Facts
    tags: tuple[Tag, ...]

    @property
    def dirty(self) -> bool:
        return bool(self.checkout.dirty)


def read_source(project: Project, services: Services) -> Source:
    """Ask git and the CI's environment. Raises ConfigError."""
    checkout = read_checkout(project.folder, services.environ, _outside(project))
    if checkout.leaves_out(project.folder.resolve()):
        raise ConfigError(
            f"{project.folder}: git ignores this folder, so the commit says nothing about it",
            hint="take it out of .gitignore and commit it",
        )
    run = read_run(services.environ)
    facts = facts_of(checkout, run, project.config.model.version)
    return Source(checkout, run, facts, tags(project.config.tags, facts))


def refuse_dirty(source: Source) -> None:
    """Raises ConfigError that lists what is not committed."""
    if not source.dirty:
        return
    paths = source.checkout.dirty
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    raise ConfigError(
        f"not committed: {', '.join(paths[:_SHOWN])}{more}",
        hint="commit it, or release it as what it is with --allow-dirty: marked, and without a commit's tag",
    )


def _outside(project: Project) -> tuple[Path, ...]:
    """Files that the image is made of and that may lie outside the model's folder."""
    return tuple(project.folder / name for name in _named(project.config) if name.startswith(".."))


def _named(config: Config) -> tuple[str, ...]:
    code = tuple(item if isinstance(item, str) else item.source for item in config.build.code)
    weights = tuple(weights.source for weights in config.weights)
    single = (
        config.build.requirements,
        config.build.dockerfile,
        config.build.base.dockerfile,
        config.build.base.layout,
    )
    return (*code, *weights, *(name for name in single if name))
