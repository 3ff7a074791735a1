"""Where Debian packages come from."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.errors import ConfigError
from tidegate.packages import sources
from tidegate.packages.sources import Sources
from tidegate.project.config import Base

DEB822 = """# a comment
Types: deb
URIs: http://mirror.acme.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb deb-src
# http://old.acme.example/security
URIs: http://security.acme.example/debian-security/
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""
KEYRING = "usr/share/keyrings/debian-archive-keyring.gpg"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty apt folder of a host below `tmp_path`."""
    root = tmp_path / "etc" / "apt"
    (root / "sources.list.d").mkdir(parents=True)
    return root


def test_deb822_sources_are_read(root: Path, tmp_path: Path) -> None:
    """Comments and source packages apart."""
    (root / "sources.list.d" / "debian.sources").write_text(DEB822)
    assert sources.find(Base(debian="bookworm"), tmp_path, root) == Sources(
        "http://mirror.acme.example/debian", "http://security.acme.example/debian-security", (tmp_path / KEYRING,)
    )


def test_one_line_sources_are_read(root: Path, tmp_path: Path) -> None:
    """With options, and with the host's trusted keys where a line names none."""
    (root / "trusted.gpg.d").mkdir()
    (root / "trusted.gpg.d" / "a.asc").touch()
    (root / "sources.list").write_text(
        "deb-src http://mirror.acme.example/src bookworm main\n"
        "deb [arch=amd64] http://mirror.acme.example/debian bookworm main # here\n"
        "deb http://mirror.acme.example/sec bookworm-security main\n"
    )
    found = sources.find(Base(debian="bookworm"), tmp_path, root)
    assert found.archives() == {
        "debian": "http://mirror.acme.example/debian",
        "debian-security": "http://mirror.acme.example/sec",
    }
    assert found.keyrings == (root / "trusted.gpg.d" / "a.asc",)


def test_another_suite_comes_from_the_same_mirror(root: Path, tmp_path: Path) -> None:
    """Where the host is Debian, by its keyring."""
    (root / "sources.list.d" / "debian.sources").write_text(DEB822)
    assert sources.find(Base(debian="trixie"), tmp_path, root).mirror == "http://mirror.acme.example/debian"


def test_disabled_stanzas_are_left_out(root: Path, tmp_path: Path) -> None:
    """As apt does."""
    (root / "sources.list.d" / "debian.sources").write_text(DEB822.replace("Types", "Enabled: no\nTypes"))
    with pytest.raises(ConfigError):
        sources.find(Base(debian="bookworm"), tmp_path, root)


def test_a_mirror_list_gives_its_first_mirror(root: Path, tmp_path: Path) -> None:
    """Cloud images have them."""
    (tmp_path / "list").write_text("# ours\nhttp://mirror.acme.example/debian priority:1\n")
    text = DEB822.replace("http://mirror.acme.example/debian", f"mirror+file://{tmp_path}/list")
    (root / "sources.list.d" / "debian.sources").write_text(text)
    assert sources.find(Base(debian="bookworm"), tmp_path, root).mirror == "http://mirror.acme.example/debian"


@pytest.mark.parametrize(
    "text", ["", "deb [signed-by=/usr/share/keyrings/ubuntu-archive-keyring.gpg] http://a.example/ubuntu noble main\n"]
)
def test_a_host_without_debian_says_what_to_configure(root: Path, tmp_path: Path, text: str) -> None:
    """By the names of the keys."""
    (root / "sources.list").write_text(text)
    with pytest.raises(ConfigError) as caught:
        sources.find(Base(debian="bookworm"), tmp_path, root)
    assert "build.base.mirror" in caught.value.hint
    assert "build.base.keyring" in caught.value.hint


def test_the_configuration_goes_first(root: Path, tmp_path: Path) -> None:
    """With the security archive beside the mirror, and the keyring in the model's folder."""
    (root / "sources.list.d" / "debian.sources").write_text(DEB822)
    (tmp_path / "keys.gpg").touch()
    base = Base(debian="bookworm", mirror="https://packages.acme.example/debian/", keyring="keys.gpg")
    assert sources.find(base, tmp_path, root) == Sources(
        "https://packages.acme.example/debian",
        "https://packages.acme.example/debian-security",
        (tmp_path / "keys.gpg",),
    )


def test_a_mirror_alone_is_enough_to_fetch(root: Path, tmp_path: Path) -> None:
    """On any machine: locked packages are checked by their hashes."""
    base = Base(debian="bookworm", mirror="https://packages.acme.example/debian")
    assert sources.find(base, tmp_path, root).keyrings == ()


def test_a_keyring_that_is_not_there_is_named(root: Path, tmp_path: Path) -> None:
    """Before apt fails over it."""
    base = Base(debian="bookworm", mirror="https://packages.acme.example/debian", keyring="keys.gpg")
    with pytest.raises(ConfigError, match=r"build\.base\.keyring.*keys\.gpg"):
        sources.find(base, tmp_path, root)


def test_a_mirror_must_be_an_address(root: Path, tmp_path: Path) -> None:
    """Of http or https, without line ends that would add lines to apt's sources."""
    (tmp_path / "k").touch()
    for mirror in ("file:///srv/debian", "https://a.example/x\ndeb http://evil.example"):
        with pytest.raises(ConfigError, match=r"build\.base\.mirror"):
            sources.find(Base(debian="bookworm", mirror=mirror, keyring="k"), tmp_path, root)


@given(st.text(max_size=300))
def test_any_text_is_read_without_failing(text: str) -> None:
    """A host's files are not ours to judge."""
    root = Path("/nowhere/etc/apt")
    for stanza in [*sources.parse_deb822(text, root), *sources.parse_list(text, root)]:
        assert stanza.uri
