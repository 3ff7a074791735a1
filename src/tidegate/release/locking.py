"""The lock that a build starts from: the one that is there, or a new one."""

from __future__ import annotations

from tidegate.build import lock as resolution
from tidegate.build.workspace import Workspace
from tidegate.errors import StorageError
from tidegate.oci.layout import replacing
from tidegate.project.lock import LOCK_NAME, Lock, encode_lock, read_lock
from tidegate.project.reader import Project
from tidegate.release.events import Listener
from tidegate.release.materials import Materials
from tidegate.release.services import Services


def current_lock(project: Project) -> tuple[Lock | None, str]:
    """The lock in the model's folder, and why it will not do; the reason is empty when it will."""
    lock = read_lock(project.folder)
    if lock is None:
        return None, "there is none"
    if resolution.is_stale(lock, project.config, project.folder):
        return lock, "tidegate.yaml or the requirements changed since it was written"
    return lock, ""


def ensure_lock(project: Project, services: Services, listener: Listener, *, locked: bool) -> Lock:
    """The lock to build from; a missing or stale one is made anew and written, unless `locked` forbids it.

    Raises LockError, ConfigError, and what the network fails with.
    """
    if locked:
        return resolution.require_fresh(read_lock(project.folder), project.config, project.folder)
    lock, reason = current_lock(project)
    if lock is not None and not reason:
        return lock
    listener.note(f"{LOCK_NAME}: {reason}: locking")
    lock = make_lock(project, services, listener, previous=lock)
    write_lock(project, lock)
    return lock


def make_lock(
    project: Project, services: Services, listener: Listener, *, previous: Lock | None = None, upgrade: bool = False
) -> Lock:
    """Resolve base, packages and weights; pins of `previous` are kept where they fit, unless `upgrade`."""
    materials = Materials(project, services)
    space = Workspace(services.store, materials.sources(), progress=listener.at)
    return resolution.resolve(
        project.config, project.folder, materials.resolvers(), space, previous=previous, upgrade=upgrade
    )


def write_lock(project: Project, lock: Lock) -> None:
    """Write tidegate.lock whole. Raises StorageError."""
    path = project.folder / LOCK_NAME
    try:
        with replacing(path) as stream:
            stream.write(encode_lock(lock))
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}", hint="check the folder's rights") from error
