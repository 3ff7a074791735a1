"""From a model folder to an image in the local store."""

from __future__ import annotations

from pathlib import Path

from tidegate.build.builder import Built, Plan, build
from tidegate.errors import ConfigError
from tidegate.project.lock import Lock
from tidegate.project.reader import Project
from tidegate.release import tags
from tidegate.release.events import Listener
from tidegate.release.locking import ensure_lock
from tidegate.release.materials import Materials
from tidegate.release.services import Services
from tidegate.release.source import Source, read_source
from tidegate.trace.annotations import standard, timestamp
from tidegate.vcs.git import Checkout

# The `created` of an image that has no commit: the constant of the layers, docs/explanation/what-decides-a-digest.md.
_NO_TIME = "1980-01-02T00:00:00Z"


def build_folder(project: Project, services: Services, listener: Listener, *, locked: bool = False) -> Built:
    """Build a model folder as it lies there, committed or not, to try it. Raises Error."""
    tags.check(project.config.tags)
    lock = ensure_lock(project, services, listener, locked=locked)
    try:
        source = read_source(project, services)
    except ConfigError as error:
        listener.note(f"without a commit: {error.message}")
        source = None
    return build_image(project, lock, source, services, listener)


def build_image(project: Project, lock: Lock, source: Source | None, services: Services, listener: Listener) -> Built:
    """The image of a commit; without one it carries no revision and a constant time. Raises Error."""
    return build(
        _plan(project, lock, source), services.store, Materials(project, services).sources(), progress=listener.at
    )


def _plan(project: Project, lock: Lock, source: Source | None) -> Plan:
    if source is None:
        return Plan(folder=project.folder, config=project.config, lock=lock, created=_NO_TIME)
    checkout = source.checkout
    return Plan(
        folder=project.folder,
        config=project.config,
        lock=lock,
        created=timestamp(checkout.time),
        annotations=standard(project.config, lock, checkout.commit, checkout.time, dirty=source.dirty),
        ignored=_below(project.folder, checkout),
    )


def _below(folder: Path, checkout: Checkout) -> tuple[str, ...]:
    """The ignored paths that lie in the model's folder, relative to it; git gives them relative to the root."""
    root = checkout.root.resolve()
    prefix = "" if folder.resolve() == root else f"{folder.resolve().relative_to(root).as_posix()}/"
    return tuple(path.removeprefix(prefix) for path in checkout.ignored if path.startswith(prefix) and path != prefix)
