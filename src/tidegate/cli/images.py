"""What an IMAGE argument names: a model folder, a digest, a layout, an archive, or a registry reference."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tidegate.cli.context import Context
from tidegate.cli.progress import listener
from tidegate.errors import ContentError, NotFoundError, UsageError
from tidegate.oci.archive import open_local
from tidegate.oci.digest import Digest
from tidegate.oci.layout import Layout
from tidegate.oci.reference import TAG, Reference
from tidegate.oci.store import ContentStore
from tidegate.project.reader import CONFIG_NAME, Project, read_project

IMAGE_HELP = "a model folder, a digest in the local store, oci:PATH, docker-archive:PATH, or a registry reference"
_PLACES = ("oci:", "docker-archive:", "oci-archive:")


@dataclass(frozen=True, slots=True)
class Located:
    """An image in a store; with the model folder it was built from, if it was one."""

    store: ContentStore
    reference: Digest | str
    project: Project | None = None


def locate(text: str, context: Context, *, insecure: bool = False) -> Located:
    """Find an image, building it first when the text names a model folder. Raises Error."""
    if not text:
        raise UsageError("IMAGE: an empty text names no image", hint="is a variable unset? a dot names this folder")
    if text.startswith(_PLACES):
        return _local(*_split_tag(text.partition(":")[2]))
    if text.startswith(("sha256:", "sha512:")):
        return Located(context.store(), parse_digest(text))
    if is_folder(text):
        from tidegate.release.building import build_folder

        project = read_project(Path(text), context.environ)
        with listener(context) as bars:
            built = build_folder(project, context.services(insecure=insecure), bars)
        return Located(context.store(), built.descriptor.digest, project)
    reference = Reference.parse(text)
    store = context.repository(reference, insecure=insecure)
    return Located(store, reference.digest or reference.tag or "latest")


def parse_digest(text: str) -> Digest:
    """A digest that somebody typed. Raises UsageError."""
    try:
        return Digest(text)
    except ContentError as error:
        raise UsageError(error.message, hint=error.hint) from error


def is_folder(text: str) -> bool:
    """Whether an argument means a folder: one that is there, or one that is written like a path."""
    return Path(text).is_dir() or text.startswith((".", "/", "~")) or text.endswith("/")


def project_of(located: Located, folder: str | None, context: Context) -> Project | None:
    """The configuration that goes with an image: `--config`, the folder it was built from, or this folder's."""
    if folder is not None:
        return read_project(Path(folder), context.environ)
    if located.project is None and Path(CONFIG_NAME).is_file():
        return read_project(Path(), context.environ)
    return located.project


def _split_tag(place: str) -> tuple[Path, str | None]:
    path, colon, tag = place.rpartition(":")
    if colon and TAG.fullmatch(tag) and not Path(place).exists():
        return Path(path), tag
    return Path(place), None


def _local(path: Path, tag: str | None) -> Located:
    if not path.exists():
        raise NotFoundError(f"{path}: there is no such file or folder", hint="check the path behind the colon")
    store = open_local(path)
    if tag is not None and tag not in store.tags():
        raise NotFoundError(f"{path}: there is no tag {tag}", hint=f"there is: {', '.join(store.tags()) or 'no tag'}")
    return Located(store, tag or _only(store, path))


def _only(store: Layout, path: Path) -> Digest:
    images = {d.digest for d in store.index().manifests if not d.artifact_type}
    if not images:
        raise NotFoundError(f"{path}: there is no image in it", hint="check the path")
    if len(images) > 1:
        tags = ", ".join(store.tags()) or "none has a tag"
        raise UsageError(f"{path}: there are {len(images)} images in it", hint=f"name one as PATH:TAG: {tags}")
    return images.pop()
