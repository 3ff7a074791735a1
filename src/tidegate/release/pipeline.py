"""A release: build → scan → test → tag → push → record. Nothing is pushed that a gate did not let pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tidegate.distribution.progress import Outcome
from tidegate.errors import Error, Interrupted
from tidegate.oci.image import load_images
from tidegate.project.lock import Lock
from tidegate.project.reader import Project
from tidegate.release import destinations, publication
from tidegate.release.building import build_image
from tidegate.release.destinations import Target
from tidegate.release.events import Listener
from tidegate.release.interruption import deferred
from tidegate.release.journal import Journal
from tidegate.release.locking import current_lock, ensure_lock
from tidegate.release.publication import Place
from tidegate.release.services import Services
from tidegate.release.source import Source, read_source, refuse_dirty
from tidegate.release.state import State

# What must be there with verdict passed for a release to be a no-op.
REQUIRED = ("provenance", "sbom", "scan", "test")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked for. Without `targets`, those of `push:` in tidegate.yaml are taken."""

    targets: tuple[Target, ...] = ()
    dry_run: bool = False
    recheck: bool = False
    allow_dirty: bool = False
    locked: bool = False


def release(project: Project, request: Request, services: Services, listener: Listener) -> State:
    """Release a model folder's commit. Returns all that is known of it at the end, also when it stopped:

    then `error` of the state says why, and `tagged` whether all tags had moved before.
    """
    now = services.now()
    state = State(project=project, dry_run=request.dry_run, started=now, finished=now)
    try:
        _release(state, request, services, Journal(state, listener))
    except Error as error:
        state.error = error
    except KeyboardInterrupt as interrupt:
        state.error = Interrupted.of(interrupt)
    state.finished = services.now()
    return state


def _release(state: State, request: Request, services: Services, journal: Journal) -> None:
    source, places = _build(state, request, services, journal)
    state.references = tuple(reference for place in places for reference in place.references(state.image))
    wanted = _wanted(state, places, request, services)
    if not wanted:
        state.unchanged = True
        state.not_done += _untested(state, services)
        return
    if {"scan", "sbom"} & set(wanted):
        _scan(state, services, journal)
    if "test" in wanted:
        _test(state, services, journal)
    if places:
        _push(state, source, places, services, journal)


def _build(state: State, request: Request, services: Services, journal: Journal) -> tuple[Source, list[Place]]:
    with journal.stage("build") as stage:
        source, lock = _locked(state, request, services, journal)
        places = [] if request.dry_run else _places(state, source, request, services)
        if state.project.config.build.is_engines and places and not (request.recheck or source.dirty):
            state.published = publication.published(places, source.checkout.commit, REQUIRED)
        if state.published is None:
            state.built = build_image(state.project, lock, source, services, journal.listener)
        stage.message = str(state.image.digest)
        return source, places


def _locked(state: State, request: Request, services: Services, journal: Journal) -> tuple[Source, Lock]:
    """The commit, and the lock that belongs to it; one that was only now written is not committed yet."""
    source = _source(state, request, services)
    had_lock = not current_lock(state.project)[1]
    lock = state.lock = ensure_lock(state.project, services, journal.listener, locked=request.locked)
    return (source if had_lock else _source(state, request, services)), lock


def _source(state: State, request: Request, services: Services) -> Source:
    source = state.source = read_source(state.project, services)
    if not request.allow_dirty:
        refuse_dirty(source)
    return source


def _places(state: State, source: Source, request: Request, services: Services) -> list[Place]:
    targets: Sequence[Target] = request.targets
    if not targets:
        facts = source.facts
        targets, state.skipped = destinations.from_config(state.project.config.push, facts.branch, facts.git_tags)
    commit = source.checkout.commit
    return [publication.place(t, services.repository(t.repository), source.tags, commit) for t in targets]


def _wanted(state: State, places: Sequence[Place], request: Request, services: Services) -> tuple[str, ...]:
    """The kinds of evidence to make: all, unless every place has the tags on the image and some evidence.

    Raises TagConflict.
    """
    if state.published is not None:
        undone = publication.incomplete_evidence(places, state.published, REQUIRED)
        state.not_done += [f"{kind}: it was incomplete when this image was released" for kind in undone]
        return ()
    tagged = [publication.is_tagged(place, state.image, services.store) for place in places]
    if not places or request.recheck or not all(tagged):
        return REQUIRED
    return publication.incomplete_evidence(places, state.image, REQUIRED)


def _untested(state: State, services: Services) -> list[str]:
    """Platforms whose image can't have been tested on a machine like this one."""
    platforms = [one.platform for one in state.built.platforms] if state.built else []
    others = [platform for platform in platforms if not services.machine.runs(platform)]
    return [f"test of {platform}: it can't run on this {services.machine} machine" for platform in others]


def _scan(state: State, services: Services, journal: Journal) -> None:
    from tidegate.release import gates, judgement

    with journal.stage("scan") as stage:
        _, images = load_images(services.store, state.image.digest)
        state.scanned = gates.run_scan(images, state.project.config, state.lock, services, str(state.image.digest))
        judgement.judge_scan(state.scanned.report, stage, state.not_done)


def _test(state: State, services: Services, journal: Journal) -> None:
    from tidegate.release import gates, judgement

    with journal.stage("test") as stage:
        _, images = load_images(services.store, state.image.digest)
        state.tests = gates.run_tests(images, state.project, services)
        judgement.judge_tests(state.tests, stage, state.not_done)


def _push(state: State, source: Source, places: Sequence[Place], services: Services, journal: Journal) -> None:
    from tidegate.release import documents

    with journal.stage("push") as stage:
        made = documents.documents(state, source, services.now())
        for place in places:
            summary = publication.send(place, state.image, services.store, journal.listener.transfer)
            state.evidence |= documents.attach(place.store, state.image, made, services.now())
            stage.message = ", ".join(f"{summary.blobs[o]} blobs {o.value}" for o in Outcome if summary.blobs[o])
    with journal.stage("record") as stage:
        for place in places:
            tags = [tag.name for tag in place.tags]
            record = documents.record(state, source, tags, services.now())
            state.evidence |= documents.attach(place.store, state.image, [record], services.now())
        with deferred():
            publication.move_tags(places, state.image, services.store)
            state.tagged = True
        stage.message = ", ".join(tags)
