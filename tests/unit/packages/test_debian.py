"""Where a locked Debian package is looked for."""

from __future__ import annotations

from tidegate.packages.debian import addresses
from tidegate.packages.sources import Sources
from tidegate.project.lock import DebianPackage

SOURCES = Sources("http://mirror.acme.example/debian/", "http://mirror.acme.example/debian-security", ())


def locked(archive: str) -> DebianPackage:
    path = "pool/main/g/g++/g++_1.2+3~b_all.deb"
    return DebianPackage(
        name="g++", version="1.2+3~b", architecture="all", archive=archive, path=path, size=1, sha256="a" * 64
    )


def test_its_own_archive_is_asked_first() -> None:
    """Then the other, then the snapshot."""
    path = "pool/main/g/g%2B%2B/g%2B%2B_1.2%2B3~b_all.deb"
    assert addresses(locked("debian-security"), SOURCES, "https://snapshot.acme.example/20261101/") == [
        f"http://mirror.acme.example/debian-security/{path}",
        f"http://mirror.acme.example/debian/{path}",
        f"https://snapshot.acme.example/20261101/debian-security/{path}",
        f"https://snapshot.acme.example/20261101/debian/{path}",
    ]


def test_a_snapshot_is_optional() -> None:
    """Only the mirrors are asked."""
    assert len(addresses(locked("debian"), SOURCES, "")) == 2
