"""A root file system from unpacked Debian packages, with what their maintainer scripts would have made.

Nothing is run. Manuals, translations and the documentation apart from the copyright files are left out:
they are a third of the size and nobody reads them in a container. /usr is merged as Debian has it.
"""

from __future__ import annotations

import io
import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from tidegate.errors import ContentError
from tidegate.oci.layer import DIRECTORY, FILE, HARDLINK, SYMLINK, Entry
from tidegate.packages import alternatives, deb

Content = tuple[Entry, IO[bytes] | None]

NONROOT = 65532
_CERTIFICATES = "usr/share/ca-certificates/"
_BUNDLE = "etc/ssl/certs/ca-certificates.crt"
_MAX_BUNDLE = 8 << 20
_DROPPED = ("usr/share/man/", "usr/share/info/", "usr/share/locale/", "usr/share/lintian/", "usr/share/bug/")
_DOC = "usr/share/doc/"
_FOLDERS = {
    "dev": 0o755, "etc": 0o755, "home": 0o755, "proc": 0o755, "root": 0o700, "run": 0o755, "sys": 0o755,
    "tmp": 0o1777, "usr": 0o755, "usr/bin": 0o755, "usr/lib": 0o755, "usr/local": 0o755, "usr/sbin": 0o755,
    "var": 0o755, "var/lib": 0o755, "var/lib/dpkg": 0o755, "var/lib/dpkg/info": 0o755, "var/tmp": 0o1777,
}  # fmt: skip
_FILES = {
    "etc/group": "root:x:0:\nnogroup:x:65534:\nnonroot:x:65532:\n",
    "etc/host.conf": "multi on\n",
    "etc/hostname": "localhost\n",
    "etc/hosts": "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n"
    "networks: files\nprotocols: files\nservices: files\n",
    "etc/passwd": "root:x:0:0:root:/root:/usr/sbin/nologin\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
    "nonroot:x:65532:65532:nonroot:/home/nonroot:/usr/sbin/nologin\n",
    "etc/resolv.conf": "",
    "etc/timezone": "Etc/UTC\n",
}
# Made where the place is free and the target is there.
_LINKS = {
    "etc/localtime": "/usr/share/zoneinfo/Etc/UTC",
    "etc/os-release": "../usr/lib/os-release",
    "usr/bin/sh": "dash",
    "usr/lib/ssl/cert.pem": f"/{_BUNDLE}",
    "usr/lib/ssl/certs": "/etc/ssl/certs",
}


@dataclass(frozen=True, slots=True)
class Package:
    """A .deb with its control data."""

    path: Path
    fields: dict[str, str]
    scripts: str

    @property
    def name(self) -> str:
        return self.fields["Package"]

    @property
    def list_name(self) -> str:
        """The name of its file list in dpkg's database."""
        if self.fields.get("Multi-Arch") == "same":
            return f"{self.name}:{self.fields['Architecture']}"
        return self.name

    @property
    def replaces(self) -> frozenset[str]:
        """The packages whose files it may take over."""
        return frozenset(
            word.split()[0].partition(":")[0] for word in self.fields.get("Replaces", "").split(",") if word.strip()
        )


@dataclass(slots=True)
class _Tree:
    """What is in the image so far: each path's entry and package."""

    entries: dict[str, Entry] = field(default_factory=dict)
    owners: dict[str, Package] = field(default_factory=dict)
    files: dict[str, list[str]] = field(default_factory=dict)
    certificates: dict[str, bytes] = field(default_factory=dict)

    def add(self, entry: Entry, package: Package | None = None) -> bool:
        """Whether the entry is new. Raises ContentError when two packages ship the same file."""
        if package is not None:
            self.files.setdefault(package.list_name, []).append(entry.path)
        known = self.entries.get(entry.path)
        if known is None:
            self._check_parent(entry, package)
            self.entries[entry.path] = entry
            if package is not None:
                self.owners[entry.path] = package
            return True
        other = self.owners.get(entry.path)
        both_folders = entry.kind == DIRECTORY and known.kind in {DIRECTORY, SYMLINK}
        if package is None or other is None or both_folders or package.name in other.replaces:
            return False
        raise ContentError(f"/{entry.path}: shipped by the Debian packages {other.name} and {package.name}")

    def _check_parent(self, entry: Entry, package: Package | None) -> None:
        above = self.entries.get(posixpath.dirname(entry.path))
        if above is not None and above.kind != DIRECTORY:
            name = package.name if package else "the base"
            raise ContentError(f"{name}: /{entry.path} lies below /{above.path}, which is not a folder")


def entries(debs: Sequence[Path]) -> Iterator[Content]:
    """The root file system's entries, each once, parents before what is in them, in one order for the same packages.

    Content is readable until the next step. Raises ContentError for a broken package or for two that
    ship the same file.
    """
    packages = _ordered([load(path) for path in debs])
    tree = _Tree()
    yield from _new(tree, _skeleton())
    for package in packages:
        yield from _unpack(package, tree)
    yield from _new(tree, _made(packages, tree))
    yield from _new(tree, _database(packages, tree))


def load(path: Path) -> Package:
    """A package's control data. Raises ContentError."""
    files = deb.control(path)
    fields = deb.fields(files["control"].decode("utf-8", "replace"))
    if not {"Package", "Version", "Architecture"} <= fields.keys():
        raise ContentError(f"{path.name}: its control file names no package, version or architecture")
    return Package(path, fields, files.get("postinst", b"").decode("utf-8", "replace"))


def _ordered(packages: list[Package]) -> list[Package]:
    """By name; those that take over files of others first, so that theirs are the ones that count."""
    names = {package.name for package in packages}
    return sorted(packages, key=lambda package: (-len(package.replaces & names), package.name, package.path.name))


def _skeleton() -> Iterator[Content]:
    for path, mode in sorted(_FOLDERS.items()):
        yield Entry(path, DIRECTORY, 0, mode, 0, 0), None
    yield Entry("home/nonroot", DIRECTORY, 0, 0o700, NONROOT, NONROOT), None
    for name in sorted(alternatives.MERGED - {"lib32", "libx32"}):
        if name == "lib64":
            yield Entry("usr/lib64", DIRECTORY, 0, 0o755, 0, 0), None
        yield Entry(name, SYMLINK, 0, 0o777, 0, 0, f"usr/{name}"), None


def _unpack(package: Package, tree: _Tree) -> Iterator[Content]:
    for raw, content in deb.entries(package.path):
        entry = _placed(raw)
        if not entry.path or _is_dropped(entry) or not tree.add(entry, package):
            continue
        if content is not None and entry.path.startswith(_CERTIFICATES) and entry.path.endswith(".crt"):
            data = content.read()
            tree.certificates[entry.path] = data
            yield entry, io.BytesIO(data)
        else:
            yield entry, content


def _placed(entry: Entry) -> Entry:
    if entry.path in alternatives.MERGED:
        return replace(entry, path=f"usr/{entry.path}")
    target = alternatives.merged(entry.target) if entry.kind == HARDLINK else entry.target
    return replace(entry, path=alternatives.merged(entry.path), target=target)


def _is_dropped(entry: Entry) -> bool:
    path = entry.path
    if path.startswith(_DOC) and entry.kind != DIRECTORY:
        # A package's folder may be a link to that of a sibling.
        return posixpath.basename(path) != "copyright" and not (entry.kind == SYMLINK and path.count("/") == 3)
    return f"{path}/".startswith(_DROPPED) or (
        entry.kind == DIRECTORY and path.startswith(_DOC) and path.count("/") > 3
    )


def _made(packages: Sequence[Package], tree: _Tree) -> Iterator[Content]:
    for path, text in sorted(_FILES.items()):
        yield _file(path, text.encode())
    yield from _certificates(tree)
    for path, target in sorted(_LINKS.items()):
        if posixpath.normpath(posixpath.join("/", posixpath.dirname(path), target))[1:] in tree.entries:
            yield Entry(path, SYMLINK, 0, 0o777, 0, 0, target), None
    scripts = {package.name: package.scripts for package in packages}
    for entry in alternatives.links(scripts, tree.entries):
        yield entry, None


def _certificates(tree: _Tree) -> Iterator[Content]:
    """The bundle of trusted certificates, and each under /etc/ssl/certs, as update-ca-certificates(8) has them."""
    bundle = b"".join(data.rstrip(b"\n") + b"\n" for _, data in sorted(tree.certificates.items()))
    if not bundle:
        return
    if len(bundle) > _MAX_BUNDLE:
        raise ContentError(f"/{_BUNDLE}: more than {_MAX_BUNDLE} bytes of certificates")
    yield _file(_BUNDLE, bundle)
    for path in sorted(tree.certificates):
        name = posixpath.basename(path).removesuffix(".crt") + ".pem"
        yield Entry(f"etc/ssl/certs/{name}", SYMLINK, 0, 0o777, 0, 0, f"/{path}"), None


def _database(packages: Sequence[Package], tree: _Tree) -> Iterator[Content]:
    """dpkg's database, so that scanners see the packages: status and file lists."""
    by_name = sorted(packages, key=lambda package: package.list_name)
    yield _file("var/lib/dpkg/status", "\n".join(map(_paragraph, by_name)).encode())
    for package in by_name:
        listed = "".join(f"/{path}\n" for path in tree.files.get(package.list_name, ()))
        yield _file(f"var/lib/dpkg/info/{package.list_name}.list", f"/.\n{listed}".encode())


def _paragraph(package: Package) -> str:
    lines = [f"{name}: {value}" for name, value in package.fields.items() if name != "Package"]
    return "\n".join([f"Package: {package.name}", "Status: install ok installed", *lines]) + "\n"


def _new(tree: _Tree, contents: Iterator[Content]) -> Iterator[Content]:
    """Contents that no package ships, with the folders that they need."""
    for entry, content in contents:
        if entry.path in tree.entries:
            continue
        for folder in _folders_above(entry.path):
            above = Entry(folder, DIRECTORY, 0, 0o755, 0, 0)
            if folder not in tree.entries and tree.add(above):
                yield above, None
        if tree.add(entry):
            yield entry, content


def _folders_above(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]


def _file(path: str, data: bytes) -> Content:
    return Entry(path, FILE, len(data), 0o644, 0, 0), io.BytesIO(data)
