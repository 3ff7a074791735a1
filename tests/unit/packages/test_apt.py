"""What apt prints, and what apt is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tidegate.errors import ConfigError, NetworkError
from tidegate.oci.descriptor import Platform
from tidegate.packages import apt
from tidegate.packages.sources import Sources
from tidegate.project.lock import DebianPackage

SOURCES = Sources("http://mirror.acme.example/debian", "http://mirror.acme.example/debian-security", (Path("/k.gpg"),))
SHA = "a" * 64


def test_packages_are_read_from_their_addresses() -> None:
    """With the archive they are in, and names and paths as they are, not as they are quoted."""
    printed = (
        f"'http://mirror.acme.example/debian/pool/main/z/zlib/zlib1g_1.2%2bdfsg-1_arm64.deb' "
        f"zlib1g_1%3a1.2+dfsg-1_arm64.deb 82744 SHA256:{SHA}\n"
        f"'http://mirror.acme.example/debian-security/pool/updates/main/o/openssl/l_3.0.22-1%7edeb12u2_arm64.deb' "
        f"l_3.0.22-1~deb12u2_arm64.deb 7 SHA256:{SHA}\n"
    )
    assert list(apt.parse_uris(printed, SOURCES)) == [
        DebianPackage(
            name="zlib1g",
            version="1:1.2+dfsg-1",
            architecture="arm64",
            archive="debian",
            path="pool/main/z/zlib/zlib1g_1.2+dfsg-1_arm64.deb",
            size=82744,
            sha256=SHA,
        ),
        DebianPackage(
            name="l",
            version="3.0.22-1~deb12u2",
            architecture="arm64",
            archive="debian-security",
            path="pool/updates/main/o/openssl/l_3.0.22-1~deb12u2_arm64.deb",
            size=7,
            sha256=SHA,
        ),
    ]


def test_without_keys_nothing_is_resolved() -> None:
    """An unsigned mirror could name any package."""
    with pytest.raises(ConfigError) as caught:
        apt.resolve("bookworm", ["netbase"], Platform.parse("linux/amd64"), Sources("http://a", "http://b", ()), {})
    assert "build.base.keyring" in caught.value.hint


@pytest.mark.parametrize(
    "line",
    [
        "'http://mirror.acme.example/debian/pool/a.deb' a_1_all.deb 3 MD5Sum:00",
        f"'http://elsewhere.example/pool/a.deb' a_1_all.deb 3 SHA256:{SHA}",
    ],
)
def test_a_package_without_hash_or_from_elsewhere_is_refused(line: str) -> None:
    """Neither could be fetched again."""
    with pytest.raises(NetworkError):
        list(apt.parse_uris(line, SOURCES))


@pytest.mark.parametrize("name", ["-o=Dir::Bin=/x", "Foo", "a/stable", "a=1", "", "libc6-", "a b"])
def test_a_name_that_no_package_can_have_is_refused(name: str) -> None:
    """Before it reaches apt's arguments."""
    with pytest.raises(ConfigError, match=r"build\.system_packages"):
        apt.resolve("bookworm", [name], Platform.parse("linux/amd64"), SOURCES, {})


def test_a_machine_without_apt_is_told_so(tmp_path: Path) -> None:
    """With the way out."""
    with pytest.raises(ConfigError, match="apt-get") as caught:
        apt.resolve("bookworm", ["python3"], Platform.parse("linux/amd64"), SOURCES, {"PATH": str(tmp_path)})
    assert "build.base.image" in caught.value.hint


@pytest.mark.parametrize(
    ("printed", "names"),
    [
        ("E: Unable to locate package nosuch\nE: Unable to locate package another\n", "another, nosuch"),
        ("E: Package 'ghost' has no installation candidate\n", "ghost"),
        ("E: Couldn't find any package by glob 'lib-x.y'\n", "lib-x.y"),
    ],
)
def test_unknown_packages_are_named(tmp_path: Path, printed: str, names: str) -> None:
    """All of them, with the key that they are in."""
    fake = tmp_path / "apt-get"
    fake.write_text(f'#!/bin/sh\n[ "$1" = update ] && exit 0\ncat >&2 <<"END"\n{printed}END\nexit 100\n')
    fake.chmod(0o755)
    with pytest.raises(ConfigError, match=rf"build\.system_packages: .* {names} in this suite"):
        apt.resolve("bookworm", ["a0"], Platform.parse("linux/amd64"), SOURCES, {"PATH": f"{tmp_path}:/usr/bin:/bin"})


def test_packages_of_maintainer_scripts_come_when_they_are_named(tmp_path: Path) -> None:
    """Otherwise apt is told that it has them."""
    fake = tmp_path / "apt-get"
    fake.write_text(
        '#!/bin/sh\n[ "$1" = update ] && exit 0\ngrep ^Package "${APT_CONFIG%apt.conf}status" >&2\nexit 100\n'
    )
    fake.chmod(0o755)
    environ = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    with pytest.raises(ConfigError, match="Package: dpkg") as caught:
        apt.resolve("bookworm", ["openssl", "a0"], Platform.parse("linux/amd64"), SOURCES, environ)
    assert "openssl" not in str(caught.value)


def test_a_mirror_that_fails_is_shown_without_its_password(tmp_path: Path) -> None:
    """With apt's last lines."""
    fake = tmp_path / "apt-get"
    fake.write_text("#!/bin/sh\necho 'E: Failed to fetch http://u:secret@mirror.acme.example/x 404' >&2\nexit 100\n")
    fake.chmod(0o755)
    with pytest.raises(NetworkError, match="404") as caught:
        apt.resolve("bookworm", ["a0"], Platform.parse("linux/amd64"), SOURCES, {"PATH": f"{tmp_path}:/usr/bin:/bin"})
    assert "secret" not in str(caught.value)
