"""OSV records as values (OSV schema 1.7)."""

from __future__ import annotations

import msgspec
from packaging.utils import canonicalize_name

from tidegate.errors import ContentError

PYPI = "PyPI"
DEBIAN = "Debian"
# The families that versions can be compared for.
FAMILIES = (PYPI, DEBIAN)
# Bytes of one record; the largest real ones have about 1 MiB.
MAX_RECORD = 8 << 20
_MAX_LISTED = 200_000


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step of a range; exactly one field is set."""

    introduced: str | None = None
    fixed: str | None = None
    last_affected: str | None = None
    limit: str | None = None


class Range(msgspec.Struct, frozen=True, omit_defaults=True):
    type: str = ""
    events: tuple[Event, ...] = ()


class Package(msgspec.Struct, frozen=True):
    ecosystem: str = ""
    name: str = ""

    @property
    def family(self) -> str:
        """The ecosystem without its suite: `Debian` of `Debian:12`."""
        return self.ecosystem.partition(":")[0]


class Severity(msgspec.Struct, frozen=True):
    """`type` is CVSS_V2, CVSS_V3, CVSS_V4 or another; `score` its vector."""

    type: str = ""
    score: str = ""


class Affected(msgspec.Struct, frozen=True, omit_defaults=True):
    package: Package = Package()
    ranges: tuple[Range, ...] = ()
    versions: tuple[str, ...] = ()
    severity: tuple[Severity, ...] = ()


class Advisory(msgspec.Struct, frozen=True, omit_defaults=True):
    """A record, without its prose. Times are RFC 3339 text as the record has them."""

    id: str
    modified: str = ""
    withdrawn: str | None = None
    aliases: tuple[str, ...] = ()
    upstream: tuple[str, ...] = ()
    summary: str = ""
    severity: tuple[Severity, ...] = ()
    affected: tuple[Affected, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """Its id, and the ids of the same flaw elsewhere."""
        return frozenset((self.id, *self.aliases))


def parse(data: bytes, where: str) -> Advisory:
    """One record. Fields that this product has no use for may hold anything.

    Raises ContentError that names `where` for what isn't a record, or is too large.
    """
    if len(data) > MAX_RECORD:
        raise ContentError(f"{where}: a record of {len(data)} bytes, more than the {MAX_RECORD} that are accepted")
    try:
        advisory = msgspec.json.decode(data, type=Advisory)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ContentError(f"{where}: not an OSV record: {error}") from error
    if not advisory.id or len(advisory.id) > 200:
        raise ContentError(f"{where}: not an OSV record: its id is empty or too long")
    if any(len(item.versions) > _MAX_LISTED for item in advisory.affected):
        raise ContentError(f"{where}: {advisory.id} lists more than {_MAX_LISTED} versions")
    return msgspec.structs.replace(advisory, summary=advisory.summary[:500])


def normalise(ecosystem: str, name: str) -> str:
    """A package name as it is compared (PyPI: the name normalisation of PEP 503)."""
    if ecosystem.partition(":")[0] == PYPI:
        return canonicalize_name(name)
    return name.lower()


def for_package(advisory: Advisory, family: str, name: str) -> Advisory:
    """The record with only what it says of one package, whose name is normalised."""
    kept = tuple(
        item
        for item in advisory.affected
        if item.package.family == family and normalise(family, item.package.name) == name
    )
    return msgspec.structs.replace(advisory, affected=kept)
