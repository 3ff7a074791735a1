"""Debian packages resolved by the host's apt in private folders, without root and without the host's settings."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote

from tidegate.errors import ConfigError, NetworkError
from tidegate.oci.descriptor import Platform
from tidegate.packages.sources import DEBIAN, SECURITY, Sources, unknown
from tidegate.project.lock import DebianPackage
from tidegate.transport.redaction import redact

# What a Python base has without being asked: the interpreter, certificates, time zones, the locale C.UTF-8, the
# OpenMP and C++ runtimes that wheels expect from the system, and the files that the standard library looks up.
PYTHON_PACKAGES = (
    "base-files",
    "ca-certificates",
    "libc-bin",
    "libgomp1",
    "libstdc++6",
    "media-types",
    "netbase",
    "python-is-python3",
    "python3",
    "tzdata",
)
# Needed by maintainer scripts alone, which never run here: apt is told that it has them, so that neither
# they nor what they depend on gets in. Whoever wants one in the image names it in build.system_packages.
SCRIPT_PACKAGES = {"debconf": "debconf-2.0", "dpkg": "", "mawk": "awk", "openssl": ""}

_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]*[a-z0-9+]")
_URI = re.compile(r"'(?P<uri>[^']+)' (?P<file>\S+) (?P<size>[0-9]+) SHA256:(?P<sha256>[0-9a-f]{64})")
_UNKNOWN = re.compile(
    r"E: (?:Unable to locate package |Package '?|Couldn't find any package by \w+ ')(?P<name>[^\s']+)"
)
_TIMEOUT = 600.0


def resolve(
    suite: str,
    names: Sequence[str],
    platform: Platform,
    sources: Sources,
    environ: Mapping[str, str],
) -> tuple[DebianPackage, ...]:
    """The packages of `names` and all that they depend on, without recommendations, sorted by name.

    Considers the suite, its updates and its security archive. Needs the network and takes about two seconds.
    Raises ConfigError for a name that the suite doesn't have, NetworkError when a mirror doesn't answer.
    """
    for name in names:
        if not _NAME.fullmatch(name):
            raise ConfigError(f"build.system_packages: {name!r} is not the name of a Debian package")
    if not sources.keyrings:
        raise unknown(suite)
    with tempfile.TemporaryDirectory(prefix="tidegate-apt-") as temporary:
        folder = Path(temporary)
        _make_folders(folder)
        (folder / "status").write_text(_status(frozenset(names), platform.architecture))
        (folder / "etc" / "sources.list").write_text(_sources_list(suite, sources, _link_keyrings(folder, sources)))
        (folder / "apt.conf").write_text(_configuration(folder, platform.architecture, environ))
        _run(folder, ["update", "-q"], environ)
        printed = _run(folder, ["install", "--print-uris", "-qq", "-y", "--", *sorted(set(names))], environ)
    return tuple(sorted(parse_uris(printed, sources), key=lambda package: (package.name, package.architecture)))


def parse_uris(printed: str, sources: Sources) -> Iterator[DebianPackage]:
    """The packages that `apt-get --print-uris` lists. Raises NetworkError for a line that can't be placed."""
    for line in printed.splitlines():
        if not line.startswith("'"):
            continue
        match = _URI.fullmatch(line.strip())
        if match is None:
            raise NetworkError(f"apt lists a package without its sha256: {redact(line)}")
        archive, path = _place(match["uri"], sources)
        name, version, architecture = unquote(match["file"]).removesuffix(".deb").rsplit("_", 2)
        yield DebianPackage(
            name=name,
            version=version,
            architecture=architecture,
            archive=archive,
            path=path,
            size=int(match["size"]),
            sha256=match["sha256"],
        )


def _place(uri: str, sources: Sources) -> tuple[str, str]:
    for archive, root in sources.archives().items():
        if uri.startswith(root + "/"):
            return archive, unquote(uri.removeprefix(root + "/"))
    raise NetworkError(f"apt found a package outside of the mirror: {redact(uri)}")


def _make_folders(folder: Path) -> None:
    for name in ("state/lists/partial", "cache/archives/partial", "etc/apt.conf.d", "etc/preferences.d", "log"):
        (folder / name).mkdir(parents=True)


def _configuration(folder: Path, architecture: str, environ: Mapping[str, str]) -> str:
    settings = {
        "Dir": f"{folder}/",
        "Dir::State": f"{folder}/state",
        "Dir::State::status": f"{folder}/status",
        "Dir::Cache": f"{folder}/cache",
        "Dir::Etc": f"{folder}/etc",
        "Dir::Log": f"{folder}/log",
        "APT::Architecture": architecture,
        "APT::Architectures": architecture,
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "",
        "Acquire::ForceHash": "SHA256",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
    }
    bundle = environ.get("TIDEGATE_CA_FILE") or environ.get("REQUESTS_CA_BUNDLE") or environ.get("SSL_CERT_FILE")
    if bundle:
        settings["Acquire::https::CaInfo"] = bundle
    return "".join(f'{key} "{value}";\n' for key, value in settings.items())


def _link_keyrings(folder: Path, sources: Sources) -> list[Path]:
    """The key files under names that need no quoting."""
    links = []
    for number, keyring in enumerate(sources.keyrings):
        links.append(folder / f"key{number}{keyring.suffix}")
        links[-1].symlink_to(keyring)
    return links


def _sources_list(suite: str, sources: Sources, keyrings: Sequence[Path]) -> str:
    signed = ",".join(map(str, keyrings))
    places = [(DEBIAN, suite), (DEBIAN, f"{suite}-updates"), (SECURITY, f"{suite}-security")]
    archives = sources.archives()
    return "".join(f"deb [signed-by={signed}] {archives[archive]} {name} main\n" for archive, name in places)


def _status(wanted: frozenset[str], architecture: str) -> str:
    """A dpkg status file in which the packages of maintainer scripts are installed, at a version above all."""
    return "".join(
        f"Package: {name}\nStatus: install ok installed\nVersion: 9999\nArchitecture: {architecture}\n"
        f"Multi-Arch: foreign\nMaintainer: none\nDescription: not in the image\n"
        + (f"Provides: {provided}\n" if provided else "")
        + "\n"
        for name, provided in SCRIPT_PACKAGES.items()
        if name not in wanted
    )


def _run(folder: Path, arguments: Sequence[str], environ: Mapping[str, str]) -> str:
    passed = {name: environ[name] for name in environ if name.lower().endswith("_proxy") or name == "PATH"}
    try:
        done = subprocess.run(
            ["apt-get", *arguments],
            env={
                "PATH": os.defpath,
                **passed,
                "APT_CONFIG": str(folder / "apt.conf"),
                "LC_ALL": "C",
                "TMPDIR": str(folder),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except FileNotFoundError as error:
        raise ConfigError(
            "locking a Debian base needs apt-get, which this machine does not have",
            hint="use build.base.image, or run tidegate lock on Debian or Ubuntu",
        ) from error
    except subprocess.TimeoutExpired as error:
        raise NetworkError(f"apt-get {arguments[0]}: no end after {_TIMEOUT:.0f} s", hint="check the mirror") from error
    if done.returncode:
        raise _failure(arguments[0], done.stderr.decode("utf-8", "replace"))
    return done.stdout.decode("utf-8", "replace")


def _failure(step: str, printed: str) -> ConfigError | NetworkError:
    unknown = sorted({match["name"] for match in _UNKNOWN.finditer(printed)})
    if unknown and step == "install":
        return ConfigError(
            f"build.system_packages: Debian has no package {', '.join(unknown)} in this suite",
            hint="check the names; only Debian's main component is considered",
        )
    lines = [line.strip() for line in printed.splitlines() if line.strip() and not line.startswith("W: Unable to read")]
    detail = "\n  ".join(redact(line) for line in lines[-6:])
    if step == "update":
        return NetworkError(f"the Debian mirror could not be read:\n  {detail}", hint="check mirror, keyring and proxy")
    return ConfigError(f"apt can't resolve the Debian packages:\n  {detail}", hint="check build.system_packages")
