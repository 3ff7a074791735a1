"""A Debian base from the host's own mirrors: locked, fetched, unpacked and started."""

from __future__ import annotations

import hashlib
import itertools
import os
import platform
import stat
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.unit.packages.builders import wheel

from tidegate.errors import ConfigError, NetworkError
from tidegate.oci.descriptor import Platform
from tidegate.oci.layer import DIRECTORY, FILE, HARDLINK, SYMLINK
from tidegate.packages import apt, debian, rootfs, sources
from tidegate.packages import wheel as wheels
from tidegate.packages.download import Cache
from tidegate.packages.sources import Sources
from tidegate.project.config import Base
from tidegate.project.lock import DebianPackage
from tidegate.transport.http import Transport

pytestmark = [pytest.mark.needs("apt-get")]

SUITE = "bookworm"
HERE = Platform.of_machine(platform.machine())
OTHER = Platform.parse("linux/arm64" if HERE.architecture == "amd64" else "linux/amd64")
IMPORTS = "import ctypes, hashlib, lzma, sqlite3, ssl, uuid, zoneinfo, sample"
CHECK = (
    f"{IMPORTS}\nassert ssl.create_default_context().cert_store_stats()['x509'] > 50\nzoneinfo.ZoneInfo('Asia/Tokyo')"
)
PLAIN_USER = 65534
AS_PLAIN_USER = """
import os
from pathlib import Path
from tidegate.oci.descriptor import Platform
from tidegate.packages import apt, sources
from tidegate.project.config import Base
found = sources.find(Base(debian="bookworm"), Path("."))
print(len(apt.resolve("bookworm", ["netbase"], Platform.parse("linux/arm64"), found, os.environ)), os.getuid())
"""


@pytest.fixture(scope="module")
def mirror() -> Sources:
    try:
        return sources.find(Base(debian=SUITE), Path())
    except ConfigError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def locked(mirror: Sources) -> dict[Platform, tuple[DebianPackage, ...]]:
    """The base of this machine's platform and of the other one."""
    return {p: apt.resolve(SUITE, apt.PYTHON_PACKAGES, p, mirror, os.environ) for p in (HERE, OTHER)}


@pytest.fixture(scope="module")
def debs(
    mirror: Sources, locked: dict[Platform, tuple[DebianPackage, ...]], tmp_path_factory: pytest.TempPathFactory
) -> Sequence[Path]:
    """The packages of this machine's platform."""
    cache = Cache(tmp_path_factory.mktemp("debs"))
    return debian.fetch(locked[HERE], lambda: mirror, cache, Transport(os.environ), os.environ)


def digest(debs: Sequence[Path]) -> str:
    """Of all that a layer is made from."""
    state = hashlib.sha256()
    for entry, content in rootfs.entries(debs):
        state.update(repr(entry).encode())
        if content is not None:
            state.update(content.read())
    return state.hexdigest()


def unpack(debs: Sequence[Path], extra: Path, target: Path) -> None:
    """The tree and a wheel, as a plain user can write it: owners left out."""
    kinds = {DIRECTORY: tarfile.DIRTYPE, SYMLINK: tarfile.SYMTYPE, HARDLINK: tarfile.LNKTYPE, FILE: tarfile.REGTYPE}
    added = wheels.entries(wheels.load(extra, wheels.debian_paths("3.11")))
    archive = target.with_suffix(".tar")
    with tarfile.open(archive, "w") as output:
        for entry, content in itertools.chain(rootfs.entries(debs), added):
            info = tarfile.TarInfo(entry.path)
            info.type, info.mode, info.size, info.linkname = kinds[entry.kind], entry.mode, entry.size, entry.target
            output.addfile(info, content)
    target.mkdir()
    subprocess.run(["tar", "-C", target, "-xpf", archive], check=True)


def test_both_platforms_are_locked_on_one_machine(locked: dict[Platform, tuple[DebianPackage, ...]]) -> None:
    """The same packages for each, by paths that no host is part of."""
    here, other = ({package.name for package in locked[p]} for p in (HERE, OTHER))
    assert here == other >= {"python3", "libstdc++6", "libgomp1", "ca-certificates", "tzdata", "base-files"}
    assert here.isdisjoint(apt.SCRIPT_PACKAGES)
    for found in (*locked[HERE], *locked[OTHER]):
        assert found.path.startswith("pool/")
        assert found.path.endswith(".deb")
        assert found.archive in {"debian", "debian-security"}
    assert {package.architecture for package in locked[OTHER]} == {OTHER.architecture, "all"}


@pytest.mark.needs("bwrap")
def test_python_starts_in_the_unpacked_base(debs: Sequence[Path], tmp_path: Path) -> None:
    """With its compiled modules, certificates and time zones, a wheel, and the name `python`."""
    unpack(debs, wheel(tmp_path), tmp_path / "root")
    done = subprocess.run(
        ["bwrap", "--ro-bind", str(tmp_path / "root"), "/", "--dev", "/dev", "--proc", "/proc", "--unshare-user",
         "--clearenv", "--setenv", "PYTHONDONTWRITEBYTECODE", "1", "/usr/bin/python", "-c", CHECK],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_base_is_the_same_under_any_umask_and_order(debs: Sequence[Path]) -> None:
    """Owners, modes and order come from the packages."""
    before = os.umask(0o077)
    try:
        some = debs[:12]
        first = digest(some)
        os.umask(0)
        assert digest(some[::-1]) == first
    finally:
        os.umask(before)


def test_a_package_that_left_its_archive_is_found_in_the_other(mirror: Sources, debs: Sequence[Path]) -> None:
    """Its sha256 decides, not where it was."""
    archives = mirror.archives()
    swapped = Sources(archives["debian-security"], archives["debian"], mirror.keyrings)
    path = next(path for path in debs if path.name.startswith("netbase_"))
    data = path.read_bytes()
    package = DebianPackage(
        name="netbase",
        version="",
        architecture="all",
        archive="debian",
        path=f"pool/main/n/netbase/{path.name}",
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )
    cache = Cache(path.parents[2] / "again")
    (found,) = debian.fetch([package], lambda: swapped, cache, Transport(os.environ), os.environ)
    assert found.read_bytes() == data


def test_a_mirror_with_other_keys_is_not_trusted(mirror: Sources, tmp_path: Path) -> None:
    """Whatever it would have served."""
    (tmp_path / "keys.asc").write_text("")
    distrusted = Sources(mirror.mirror, mirror.security, (tmp_path / "keys.asc",))
    with pytest.raises(NetworkError, match="mirror could not be read"):
        apt.resolve(SUITE, ["netbase"], HERE, distrusted, os.environ)


@pytest.mark.skipif(os.getuid() != 0, reason="every other test here runs as a plain user already")
def test_a_plain_user_can_lock(mirror: Sources) -> None:
    """apt's folders are private, and no lock of the host's is needed."""
    folders = {*Path(sys.executable).parents, *Path(sys.executable).resolve().parents}
    closed = next((path for path in folders if not path.stat().st_mode & stat.S_IXOTH), None)
    if closed:
        pytest.skip(f"a plain user can't start {sys.executable}: {closed} is private")
    environ = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", AS_PLAIN_USER], env=environ, cwd="/", user=PLAIN_USER, group=PLAIN_USER,
        extra_groups=[], capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stdout.split() == ["1", str(PLAIN_USER)], done.stderr
