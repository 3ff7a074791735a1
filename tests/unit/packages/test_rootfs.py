"""A root file system from packages."""

from __future__ import annotations

import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.unit.packages.builders import deb, folder, link, member

from tidegate.errors import ContentError
from tidegate.oci.layer import DIRECTORY, FILE, HARDLINK, SYMLINK, Entry
from tidegate.packages import rootfs


def tree(debs: Sequence[Path]) -> dict[str, tuple[Entry, bytes]]:
    """All entries by path, each of which must come once."""
    found: dict[str, tuple[Entry, bytes]] = {}
    for entry, content in rootfs.entries(debs):
        assert entry.path not in found
        found[entry.path] = entry, content.read() if content else b""
    return found


def test_files_under_bin_and_lib_go_to_usr(tmp_path: Path) -> None:
    """And the folders of the root are links there."""
    found = tree([deb(tmp_path, "a", [folder("./bin/"), member("./bin/cat", b"x", mode=0o755), folder("./lib/")])])
    assert found["usr/bin/cat"][0].mode == 0o755
    assert found["bin"][0] == Entry("bin", SYMLINK, 0, 0o777, 0, 0, "usr/bin")
    assert found["lib"][0].target == "usr/lib"
    assert "bin/cat" not in found


def test_hard_links_follow_the_merge(tmp_path: Path) -> None:
    """Their target moves as well."""
    members = [member("./bin/a", b"x"), link("./bin/b", "./bin/a", tarfile.LNKTYPE)]
    entry = tree([deb(tmp_path, "a", members)])["usr/bin/b"][0]
    assert (entry.kind, entry.target) == (HARDLINK, "usr/bin/a")


def test_every_entry_comes_after_its_folder(tmp_path: Path) -> None:
    """Also those that no package ships."""
    seen: set[str] = set()
    package = deb(tmp_path, "ca", [folder("./usr/"), member("./usr/share/ca-certificates/m/x.crt", b"PEM\n")])
    made = [entry.path for entry, _ in rootfs.entries([package]) if not entry.path.startswith("usr/share")]
    for path in made:
        assert "/" not in path or path.rpartition("/")[0] in seen
        seen.add(path)


def test_dpkg_status_names_every_package(tmp_path: Path) -> None:
    """As installed, with all its fields, so that scanners see it."""
    found = tree([deb(tmp_path, "b", extra="Multi-Arch: same\n"), deb(tmp_path, "a", [member("./usr/a", b"")])])
    status = found["var/lib/dpkg/status"][1].decode()
    assert status.index("Package: a\nStatus: install ok installed\nVersion: 1.0") < status.index("Package: b\n")
    assert found["var/lib/dpkg/info/a.list"][1] == b"/.\n/usr/a\n"
    assert "var/lib/dpkg/info/b:amd64.list" in found


def test_the_certificate_bundle_is_made(tmp_path: Path) -> None:
    """Sorted by path, each also under its own name, and where OpenSSL looks for it."""
    base = "./usr/share/ca-certificates/mozilla"
    found = tree(
        [deb(tmp_path, "ca-certificates", [member(f"{base}/B.crt", b"two"), member(f"{base}/A.crt", b"one\n")])]
    )
    assert found["etc/ssl/certs/ca-certificates.crt"][1] == b"one\ntwo\n"
    assert found["etc/ssl/certs/A.pem"][0].target == "/usr/share/ca-certificates/mozilla/A.crt"
    assert found["usr/lib/ssl/cert.pem"][0].target == "/etc/ssl/certs/ca-certificates.crt"


def test_manuals_go_and_copyright_files_stay(tmp_path: Path) -> None:
    """With the folder of a package that links to its sibling's."""
    members = [
        folder("./usr/share/man/"),
        member("./usr/share/man/man1/a.1", b"x"),
        member("./usr/share/locale/de/a.mo", b"x"),
        member("./usr/share/doc/a/copyright", b"mine"),
        member("./usr/share/doc/a/changelog.gz", b"x"),
        folder("./usr/share/doc/a/examples/"),
        link("./usr/share/doc/b", "a"),
    ]
    found = {path for path in tree([deb(tmp_path, "a", members)]) if path.startswith("usr/share/")}
    assert found == {"usr/share/doc/a/copyright", "usr/share/doc/b"}


def test_users_and_writable_folders_are_there() -> None:
    """Also in a base without packages."""
    found = tree([])
    assert b"nonroot:x:65532:65532:" in found["etc/passwd"][1]
    assert (found["tmp"][0].mode, found["var/tmp"][0].mode, found["root"][0].mode) == (0o1777, 0o1777, 0o700)
    assert found["home/nonroot"][0].uid == rootfs.NONROOT
    assert "usr/bin/sh" not in found


def test_a_shell_is_linked_where_there_is_one(tmp_path: Path) -> None:
    """dash is named explicitly by who wants one."""
    assert tree([deb(tmp_path, "dash", [member("./bin/dash", b"x", mode=0o755)])])["usr/bin/sh"][0].target == "dash"


def test_what_a_package_ships_wins(tmp_path: Path) -> None:
    """Over what would be made."""
    found = tree([deb(tmp_path, "a", [member("./etc/nsswitch.conf", b"mine")])])
    assert found["etc/nsswitch.conf"][1] == b"mine"


def test_setuid_and_owners_are_kept(tmp_path: Path) -> None:
    """From the archive's headers."""
    entry = tree([deb(tmp_path, "a", [member("./usr/bin/su", b"x", mode=0o4755, gid=42)])])["usr/bin/su"][0]
    assert (entry.mode, entry.gid, entry.kind) == (0o4755, 42, FILE)


def test_two_packages_with_one_file_are_an_error(tmp_path: Path) -> None:
    """That names both."""
    debs = [deb(tmp_path, name, [member("./usr/same", name.encode())]) for name in ("one", "two")]
    with pytest.raises(ContentError, match="/usr/same: shipped by the Debian packages one and two"):
        tree(debs)


def test_a_package_may_replace_files_of_another(tmp_path: Path) -> None:
    """When it says so; its own file counts, whatever the order of names."""
    debs = [
        deb(tmp_path, "aaa", [member("./usr/same", b"old")]),
        deb(tmp_path, "zzz", [member("./usr/same", b"new")], extra="Replaces: aaa (<< 2)\n"),
    ]
    assert tree(debs)["usr/same"][1] == b"new"


def test_a_file_below_a_link_is_refused(tmp_path: Path) -> None:
    """It would land elsewhere."""
    members = [link("./usr/x", "/etc"), member("./usr/x/passwd", b"evil")]
    with pytest.raises(ContentError, match="not a folder"):
        tree([deb(tmp_path, "a", members)])


def test_the_order_of_packages_does_not_matter(tmp_path: Path) -> None:
    """The same packages make the same bytes."""
    debs = [deb(tmp_path, name, [folder("./usr/", 0o755), member(f"./usr/{name}", b"x")]) for name in "abc"]
    assert list(tree(debs).items()) == list(tree(debs[::-1]).items())


def test_folders_have_one_owner(tmp_path: Path) -> None:
    """A folder that many packages ship comes once."""
    debs = [deb(tmp_path, name, [folder("./opt/"), folder("./opt/x/")]) for name in "ab"]
    assert tree(debs)["opt/x"][0].kind == DIRECTORY
