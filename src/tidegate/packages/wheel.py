"""Unpacking wheels the same way on every machine (binary distribution format, core metadata).

PyPI's `installer` decides what goes where; its destination here notes the files instead of writing them.
Content is compared with RECORD on its way, so a wheel is read once and never held in memory.
"""

from __future__ import annotations

import hashlib
import io
import os
import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, cast

import installer
from installer.destinations import WheelDestination
from installer.records import Hash, RecordEntry
from installer.scripts import Script
from installer.utils import Scheme, construct_record_file, fix_shebang
from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from tidegate.errors import ContentError
from tidegate.oci.layer import FILE, Entry, safe_path
from tidegate.packages.wheel_archive import Checked, Source, encode, open_archive

if TYPE_CHECKING:
    from installer.scripts import ScriptSection

# A script whose shebang is rewritten is held in memory.
_MAX_SCRIPT = 4 << 20


@dataclass(frozen=True, slots=True)
class InstallPaths:
    """Absolute paths in the image, one for each scheme of the wheel format, and the interpreter for shebangs."""

    library: str
    scripts: str
    data: str
    headers: str
    interpreter: str

    def folder(self, scheme: str, distribution: str) -> str:
        """The folder of one of the wheel format's schemes."""
        if scheme == "headers":
            return posixpath.join(self.headers, distribution)
        return {"scripts": self.scripts, "data": self.data}.get(scheme, self.library)


def debian_paths(python: str) -> InstallPaths:
    """Debian's places for what its own packages did not bring; `python` is `3.11`."""
    return InstallPaths(
        library=f"/usr/local/lib/python{python}/dist-packages",
        scripts="/usr/local/bin",
        data="/usr/local",
        headers=f"/usr/local/include/python{python}",
        interpreter="/usr/bin/python3",
    )


def prefix_paths(prefix: str, python: str) -> InstallPaths:
    """The places of a Python that was built for a prefix such as `/usr/local`, or of a virtual environment."""
    return InstallPaths(
        library=f"{prefix}/lib/python{python}/site-packages",
        scripts=f"{prefix}/bin",
        data=prefix,
        headers=f"{prefix}/include/python{python}",
        interpreter=f"{prefix}/bin/python{python}",
    )


@dataclass(frozen=True, slots=True)
class File:
    """One file of an unpacked wheel: a member of the archive, or bytes that were made from it."""

    path: str
    size: int
    mode: int
    digest: Hash
    member: str = ""
    data: bytes = field(default=b"", repr=False)

    @property
    def entry(self) -> Entry:
        return Entry(self.path, FILE, self.size, self.mode, 0, 0)


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel and what it becomes, files sorted by path."""

    path: Path
    name: str
    version: str
    files: tuple[File, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def load(path: Path, paths: InstallPaths, tags: Sequence[Tag] = ()) -> Wheel:
    """Read a wheel's directory and metadata, not its content.

    With `tags`, the wheel must fit one of them. Raises ContentError for a broken wheel, one for another
    platform, a path that climbs out, and a RECORD that lists other files.
    """
    try:
        name, version, _, wheel_tags = parse_wheel_filename(path.name)
    except InvalidWheelFilename as error:
        raise ContentError(f"{path.name}: {error}") from error
    if tags and wheel_tags.isdisjoint(tags):
        raise ContentError(f"{path.name}: a wheel for another platform or Python", hint="run: tidegate lock --upgrade")
    with open_archive(path) as archive:
        source = Source(archive)
        source.validate_record(validate_contents=False)
        destination = _Destination(source, paths)
        installer.install(source, destination, {})
    return Wheel(path, canonicalize_name(name), str(version), destination.sorted())


def check_collisions(wheels: Sequence[Wheel]) -> None:
    """Raises ContentError when two wheels ship the same path with different content.

    The same content twice is harmless: `nvidia/__init__.py` comes with a dozen wheels.
    """
    owners: dict[str, tuple[Wheel, File]] = {}
    for wheel in wheels:
        for file in wheel.files:
            other, known = owners.setdefault(file.path, (wheel, file))
            if (known.digest, known.size) != (file.digest, file.size):
                raise ContentError(
                    f"/{file.path}: shipped by {other.path.name} and by {wheel.path.name}, with different content",
                    hint="drop one of the two from the requirements, or pin a version without the file",
                )


def entries(wheel: Wheel) -> Iterator[tuple[Entry, IO[bytes]]]:
    """The wheel's files in the order of their paths, without folders. Content is readable until the next step.

    Reading a file to its end raises ContentError when it isn't what RECORD says.
    """
    with open_archive(wheel.path) as archive:
        for file in wheel.files:
            if not file.member:
                yield file.entry, io.BytesIO(file.data)
                continue
            with archive.open(file.member) as stream:
                checked = Checked(stream, file.member, file.digest, file.size, wheel.path.name)
                yield file.entry, cast("IO[bytes]", checked)


class _Destination(WheelDestination):
    """Notes the files that a wheel becomes."""

    def __init__(self, source: Source, paths: InstallPaths) -> None:
        self._source = source
        self._paths = paths
        self._files: dict[str, File] = {}

    def sorted(self) -> tuple[File, ...]:
        return tuple(file for _, file in sorted(self._files.items()))

    def write_script(self, name: str, module: str, attr: str, section: ScriptSection) -> RecordEntry:
        script_name, data = Script(name, module, attr, section).generate(self._paths.interpreter, "posix")
        return self._add_bytes(Scheme("scripts"), script_name, data, 0o755)

    def write_file(
        self, scheme: Scheme, path: str | os.PathLike[str], stream: BinaryIO, is_executable: bool
    ) -> RecordEntry:
        path, member = os.fspath(path), self._source.members[stream.name]
        mode = 0o755 if is_executable or scheme == "scripts" else 0o644
        if scheme == "scripts" and member.file_size <= _MAX_SCRIPT:
            with fix_shebang(stream, self._paths.interpreter) as fixed:
                if fixed is not stream:
                    return self._add_bytes(scheme, path, fixed.read(), mode)
        record = RecordEntry.from_elements(*self._source.records[member.filename])
        if record.hash_ is None or record.size != member.file_size:
            raise ContentError(f"{member.filename}: its size is not the one in RECORD")
        file = File(self._place(scheme, path), member.file_size, mode, record.hash_, member=member.filename)
        return self._add(file, path)

    def finalize_installation(
        self, scheme: Scheme, record_file_path: str, records: Iterable[tuple[Scheme, RecordEntry]]
    ) -> None:
        library = self._folder(scheme)

        def prefix(other: str) -> str | None:
            folder = self._folder(other)
            return None if folder == library else posixpath.relpath(folder, library) + "/"

        with construct_record_file(list(records), prefix) as stream:
            self._add_bytes(scheme, record_file_path, stream.read(), 0o644)

    def _folder(self, scheme: str) -> str:
        return self._paths.folder(scheme, self._source.distribution)

    def _place(self, scheme: str, path: str) -> str:
        if path.startswith("/") or ".." in path.split("/") or "\0" in path:
            raise ContentError(f"{path!r} climbs out of the wheel")
        return safe_path(posixpath.join(self._folder(scheme), path), path)

    def _add_bytes(self, scheme: Scheme, path: str, data: bytes, mode: int) -> RecordEntry:
        digest = Hash("sha256", encode(hashlib.sha256(data)))
        return self._add(File(self._place(scheme, path), len(data), mode, digest, data=data), path)

    def _add(self, file: File, path: str) -> RecordEntry:
        if file.path in self._files:
            raise ContentError(f"/{file.path} is in it twice")
        self._files[file.path] = file
        return RecordEntry(path, file.digest, file.size)
