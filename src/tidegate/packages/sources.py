"""Where Debian packages come from: the host's own apt sources, or the configuration's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tidegate.errors import ConfigError
from tidegate.packages import deb
from tidegate.project.config import Base

DEBIAN, SECURITY = "debian", "debian-security"
_KEYRING = "debian-archive-keyring"
_MAX_FILE = 1 << 20


@dataclass(frozen=True, slots=True)
class Sources:
    """A mirror, its security archive, and the key files that sign them; none are needed to fetch by hash."""

    mirror: str
    security: str
    keyrings: tuple[Path, ...]

    def archives(self) -> Mapping[str, str]:
        """Addresses without a slash at the end, by the name that the lock gives an archive."""
        return {DEBIAN: self.mirror.rstrip("/"), SECURITY: self.security.rstrip("/")}


@dataclass(frozen=True, slots=True)
class Stanza:
    """One entry of a sources file: where, which suites, and the key files if it names them."""

    uri: str
    suites: tuple[str, ...]
    keyrings: tuple[Path, ...]


def find(base: Base, folder: Path, root: Path = Path("/etc/apt")) -> Sources:
    """The sources for a Debian base: what the configuration names, and the host's for the rest.

    `folder` is the model's, for a relative `keyring`; `root` the host's apt folder.
    A mirror named in the configuration has its security archive beside it, as `<mirror>-security`.
    Raises ConfigError when neither knows a mirror.
    """
    suite = base.debian or ""
    host = _host(suite, root)
    mirror = base.mirror.rstrip("/") if base.mirror else (host and host.mirror)
    security = f"{mirror}-security" if base.mirror else (host and host.security)
    keyrings = (_existing(folder / base.keyring),) if base.keyring else (host.keyrings if host else ())
    if not mirror or not security:
        raise unknown(suite)
    if urlsplit(mirror).scheme not in {"http", "https"} or len(mirror.split()) != 1:
        raise ConfigError(f"build.base.mirror: {mirror!r} is not an http or https address")
    return Sources(mirror, security, keyrings)


def unknown(suite: str) -> ConfigError:
    """The error for a machine that doesn't know where Debian is, or can't check what it gets from there."""
    return ConfigError(
        f"this machine has no apt sources and keys for Debian {suite}",
        hint="name them in tidegate.yaml as build.base.mirror and build.base.keyring, or use build.base.image",
    )


def read(root: Path) -> Iterator[Stanza]:
    """The host's binary package sources in apt's order (sources.list(5)), those that are disabled left out."""
    for path in [root / "sources.list", *sorted((root / "sources.list.d").glob("*"))]:
        text = _text(path)
        if path.suffix == ".sources":
            yield from parse_deb822(text, root)
        elif path.suffix == ".list":
            yield from parse_list(text, root)


def parse_deb822(text: str, root: Path) -> Iterator[Stanza]:
    """The stanzas of a `.sources` file."""
    for paragraph in "\n".join(line for line in text.splitlines() if not line.startswith("#")).split("\n\n"):
        found = {name.lower(): value for name, value in deb.fields(paragraph.strip("\n")).items()}
        if "deb" not in found.get("types", "").split() or found.get("enabled", "yes").lower() in {"no", "false"}:
            continue
        for uri in found.get("uris", "").split():
            yield Stanza(uri, tuple(found.get("suites", "").split()), _keyrings(found.get("signed-by", ""), root))


def parse_list(text: str, root: Path) -> Iterator[Stanza]:
    """The lines of a `.list` file."""
    for line in text.splitlines():
        kind, _, rest = line.partition("#")[0].strip().partition(" ")
        if kind != "deb":
            continue
        options: dict[str, str] = {}
        rest = rest.strip()
        if rest.startswith("["):
            inside, _, rest = rest[1:].partition("]")
            options = dict(option.partition("=")[::2] for option in inside.split())
        words = rest.split()
        if len(words) >= 2:
            yield Stanza(words[0], (words[1],), _keyrings(options.get("signed-by", ""), root))


def _host(suite: str, root: Path) -> Sources | None:
    stanzas = [stanza for stanza in read(root) if any(suite in s for s in stanza.suites) or _is_debian(stanza)]
    main = [s for s in stanzas if suite in s.suites] or [s for s in stanzas if not _is_security(s)]
    if not main:
        return None
    security = next((s.uri for s in stanzas if _is_security(s)), f"{main[0].uri.rstrip('/')}-security")
    keyrings = main[0].keyrings or tuple(
        sorted(path for path in (root / "trusted.gpg.d").glob("*") if path.suffix in {".gpg", ".asc"})
    )
    return Sources(_resolve(main[0].uri), _resolve(security), keyrings)


def _is_debian(stanza: Stanza) -> bool:
    return any(_KEYRING in path.name for path in stanza.keyrings)


def _is_security(stanza: Stanza) -> bool:
    return any(suite.endswith(("-security", "/updates")) for suite in stanza.suites)


def _resolve(uri: str) -> str:
    """The first address of a mirror list file (apt-transport-mirror(1)); any other address as it is."""
    if not uri.startswith("mirror+file:"):
        return uri.rstrip("/")
    lines = _text(Path(urlsplit(uri).path)).split("\n")
    return next((line.split()[0].rstrip("/") for line in lines if line.strip() and not line.startswith("#")), "")


def _keyrings(value: str, root: Path) -> tuple[Path, ...]:
    """Key files by absolute path; a key that lies in the sources file itself isn't supported."""
    if "BEGIN PGP" in value:
        return ()
    prefix = root.parents[1] if len(root.parents) > 1 else Path("/")
    paths = [Path(name) for name in value.replace(",", " ").split() if name.startswith("/")]
    return tuple(prefix / path.relative_to("/") for path in paths)


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise ConfigError(f"build.base.keyring: {path}: no such file")
    return path.absolute()


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_FILE).decode("utf-8", "replace")
    except OSError:
        return ""
