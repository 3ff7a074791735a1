"""Image references: `[registry/]repository[:tag][@digest]`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from tidegate.errors import ContentError, UsageError
from tidegate.oci.digest import Digest

DOCKER_HUB = "docker.io"

# distribution-spec 1.1, "Pulling manifests"
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
REPOSITORY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")
_REGISTRY = re.compile(r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9._-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:.]+\])(?::([0-9]{1,5}))?")
_MAX_REPOSITORY = 255
_MAX_PORT = 65535


@dataclass(frozen=True, slots=True)
class Reference:
    """A place in a registry. `tag` and `digest` may both be absent: then it names a repository."""

    registry: str
    repository: str
    tag: str | None = None
    digest: Digest | None = None

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Parse as docker does: no registry means Docker Hub, where `python` is `library/python`.

        Raises UsageError, naming the part that is wrong.
        """
        rest, at, digest = text.partition("@")
        head, _, tail = rest.rpartition("/")
        last, colon, tag = tail.partition(":")
        registry, path = _split_registry(f"{head}/{last}" if head else last)
        if not _is_registry(registry):
            raise UsageError(
                f"{text!r}: {registry!r} is not a registry's host name",
                hint="write HOST[:PORT]/REPOSITORY[:TAG], without https:// and without a login",
            )
        if not REPOSITORY.fullmatch(path) or len(path) > _MAX_REPOSITORY:
            raise UsageError(
                f"{text!r}: {path!r} is not a repository name",
                hint="lower-case letters and digits, separated by . _ - or /",
            )
        if colon and not TAG.fullmatch(tag):
            raise UsageError(
                f"{text!r}: {tag!r} is not a tag", hint="at most 128 letters, digits and . _ -, not . or - first"
            )
        try:
            return cls(registry, path, tag or None, Digest(digest) if at else None)
        except ContentError as error:
            raise UsageError(error.message, hint=error.hint) from error

    def with_tag(self, tag: str) -> Reference:
        return replace(self, tag=tag, digest=None)

    def with_digest(self, digest: Digest) -> Reference:
        return replace(self, tag=None, digest=digest)

    @property
    def name(self) -> str:
        """Registry and repository without tag and digest."""
        return f"{self.registry}/{self.repository}"

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.name}{tag}{digest}"


def _is_registry(name: str) -> bool:
    found = _REGISTRY.fullmatch(name)
    return found is not None and int(found[1] or 0) <= _MAX_PORT


def _split_registry(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    if slash and (first == "localhost" or "." in first or ":" in first or first != first.lower()):
        registry, path = first, rest
    else:
        registry, path = DOCKER_HUB, name
    if registry == DOCKER_HUB and "/" not in path:
        path = f"library/{path}"
    return registry, path
