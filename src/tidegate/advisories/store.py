"""Vulnerability data on disk: one SQLite file, replaced as a whole, looked up by package."""

from __future__ import annotations

import fcntl
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from tidegate.advisories.osv import FAMILIES, Advisory, for_package, normalise, parse
from tidegate.errors import ContentError, Error, StorageError

FILE_NAME = "osv.sqlite"
# Raised when the tables change; an older file is then refused and made anew by an update.
_VERSION = 1
_SCHEMA = """
CREATE TABLE advisory (family TEXT, name TEXT, id TEXT, data BLOB, PRIMARY KEY (family, name, id)) WITHOUT ROWID;
CREATE TABLE source (family TEXT PRIMARY KEY, data BLOB);
"""
# A dump with more than this part of its records unreadable is not taken in.
_TOLERATED = 0.05
_UPDATE = "tidegate advisories update --from PATH|URL"


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one ecosystem family's data.

    `records` are advisories, `suites` how many entries each ecosystem has (`Debian:12`), `unreadable`
    the records of the dump that were left out.
    """

    family: str
    name: str
    records: int
    suites: dict[str, int]
    unreadable: int
    newest: datetime
    updated: datetime

    def age_from(self, now: datetime) -> float:
        """Seconds since the data was as new as it is: the older of its newest record and its taking in."""
        return (now - min(self.newest, self.updated)).total_seconds()


class AdvisoryStore:
    """The file below a folder. Reading sees one state, also while an update runs."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME

    def sources(self) -> tuple[Source, ...]:
        """What each family's data is; nothing when none was ever taken in. Raises StorageError."""
        with self._reading() as connection:
            if connection is None:
                return ()
            rows = connection.execute("SELECT data FROM source ORDER BY family").fetchall()
        return tuple(msgspec.json.decode(row[0], type=Source) for row in rows)

    def lookup(self, ecosystem: str, name: str) -> tuple[Advisory, ...]:
        """The records that name a package, in the order of their ids, withdrawn ones left out."""
        family = ecosystem.partition(":")[0]
        with self._reading() as connection:
            if connection is None:
                return ()
            query = "SELECT data FROM advisory WHERE family = ? AND name = ? ORDER BY id"
            rows = connection.execute(query, (family, normalise(ecosystem, name))).fetchall()
        return tuple(msgspec.json.decode(row[0], type=Advisory) for row in rows)

    def replace(
        self, records: Iterable[bytes], source: str, now: datetime, families: Iterable[str] = FAMILIES
    ) -> tuple[Source, ...]:
        """Take in a dump: each family that it has replaces what was there, all others stay.

        The new file takes its name only when it is whole. Raises ContentError when the dump has
        nothing for these families or is mostly unreadable, StorageError.
        """
        self._prepare()
        with self._writing() as (connection, path):
            intake = _Intake(connection, frozenset(families), now)
            for number, data in enumerate(records, 1):
                intake.take(data, f"{source}, record {number}")
            sources = intake.finish(source)
            self._keep_others(connection, {item.family for item in sources})
            connection.commit()
            connection.close()
            path.replace(self.path)
        return sources

    def _keep_others(self, connection: sqlite3.Connection, replaced: set[str]) -> None:
        with self._reading() as old:
            for family, data in old.execute("SELECT family, data FROM source").fetchall() if old else ():
                if family not in replaced:
                    connection.execute("INSERT INTO source VALUES (?, ?)", (family, data))
                    rows = old.execute("SELECT * FROM advisory WHERE family = ?", (family,)) if old else ()
                    connection.executemany("INSERT INTO advisory VALUES (?, ?, ?, ?)", rows)

    def _prepare(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"{self.path.parent}: {error.strerror}", hint="check the folder's rights") from error
        if self.path.exists():
            try:
                self.sources()
            except StorageError:
                # Damaged, or another version's: it is about to be replaced.
                self.path.unlink()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        if not self.path.exists():
            yield None
            return
        try:
            with closing(sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as found:
                version = found.execute("PRAGMA user_version").fetchone()[0]
                if version != _VERSION:
                    raise StorageError(f"{self.path}: made by another version of Tidegate", hint=f"run: {_UPDATE}")
                yield found
        except (sqlite3.Error, msgspec.DecodeError) as error:
            raise StorageError(f"{self.path}: {error}", hint=f"delete the file and run: {_UPDATE}") from error

    @contextmanager
    def _writing(self) -> Iterator[tuple[sqlite3.Connection, Path]]:
        """A new database beside the file, one writer at a time; gone again unless it took the file's name."""
        try:
            with open(self.path.with_suffix(".lock"), "w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                with tempfile.TemporaryDirectory(dir=self.path.parent, prefix=".new-") as folder:
                    path = Path(folder) / FILE_NAME
                    with closing(sqlite3.connect(path)) as connection:
                        connection.executescript(f"PRAGMA journal_mode = OFF; PRAGMA user_version = {_VERSION};")
                        connection.executescript(_SCHEMA)
                        yield connection, path
        except (sqlite3.Error, OSError) as error:
            if isinstance(error, Error):
                raise
            raise StorageError(f"{self.path}: {error}", hint="free some space or check the folder's rights") from error


class _Intake:
    """Records on their way into a new database, and what is to be said of them."""

    def __init__(self, connection: sqlite3.Connection, families: frozenset[str], now: datetime) -> None:
        self._connection = connection
        self._families = families
        self._now = now
        self._seen = 0
        self._unreadable = 0
        self._first = ""
        self._records: dict[str, int] = {}
        self._suites: dict[str, dict[str, int]] = {}
        self._newest: dict[str, datetime] = {}

    def take(self, data: bytes, where: str) -> None:
        self._seen += 1
        try:
            advisory = parse(data, where)
        except ContentError as error:
            self._unreadable += 1
            self._first = self._first or error.message
            return
        for family in {item.package.family for item in advisory.affected} & self._families:
            self._store(advisory, family)

    def _store(self, advisory: Advisory, family: str) -> None:
        self._records[family] = self._records.get(family, 0) + 1
        modified = _time(advisory.modified)
        # A time in the future would make old data look new.
        if modified is not None and modified <= self._now:
            self._newest[family] = max(modified, self._newest.get(family, modified))
        suites = self._suites.setdefault(family, {})
        packages = set()
        for item in advisory.affected:
            if item.package.family == family and item.package.name:
                suites[item.package.ecosystem] = suites.get(item.package.ecosystem, 0) + 1
                packages.add(normalise(family, item.package.name))
        if advisory.withdrawn is not None:
            return
        for name in packages:
            data = msgspec.json.encode(for_package(advisory, family, name))
            self._connection.execute(
                "INSERT OR REPLACE INTO advisory VALUES (?, ?, ?, ?)", (family, name, advisory.id, data)
            )

    def finish(self, name: str) -> tuple[Source, ...]:
        if self._unreadable > self._seen * _TOLERATED:
            raise ContentError(
                f"{name}: {self._unreadable} of {self._seen} records are no OSV records, first: {self._first}",
                hint="give a zip of OSV's JSON files, or JSON lines",
            )
        if not self._records:
            raise ContentError(
                f"{name}: none of its {self._seen} records is about {' or '.join(sorted(self._families))}",
                hint="the data that was there is kept; give the dump of that ecosystem",
            )
        sources = tuple(self._source(family, name) for family in sorted(self._records))
        for source in sources:
            self._connection.execute("INSERT INTO source VALUES (?, ?)", (source.family, msgspec.json.encode(source)))
        return sources

    def _source(self, family: str, name: str) -> Source:
        return Source(
            family=family,
            name=name,
            records=self._records[family],
            suites=self._suites[family],
            unreadable=self._unreadable,
            newest=self._newest.get(family, datetime.fromtimestamp(0, UTC)),
            updated=self._now,
        )


def _time(text: str) -> datetime | None:
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)
