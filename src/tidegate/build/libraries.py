"""The static check for shared libraries that an image lacks (ld.so(8))."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tidegate.build.contents import Item
from tidegate.build.elf import MACHINES, Elf
from tidegate.build.filesystem import Filesystem
from tidegate.errors import ConfigError
from tidegate.oci.descriptor import Platform

_TRIPLETS = {"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}
# The container runtime brings these with the driver.
_FROM_DRIVER = ("libcuda.so", "libnvidia-", "libnvcuvid.so", "libcudadebugger.so", "libGLX_nvidia", "libEGL_nvidia")
# Wheels load libraries of other wheels before their own, so a name that is anywhere among them will do.
_PYTHON_FOLDERS = re.compile(r"(?:^|/)(?:site|dist)-packages/")
# Debian packages whose names don't follow from their library's (Debian policy, 8.1).
_DEBIAN = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libX11.so.6": "libx11-6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libz.so.1": "zlib1g",
    "libcrypto.so.3": "libssl3",
    "libstdc++.so.6": "libstdc++6",
    "libbz2.so.1.0": "libbz2-1.0",
    "libgcc_s.so.1": "libgcc-s1",
}
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Missing:
    """A file of the image and a library that it needs in vain."""

    path: str
    library: str


def missing(files: Filesystem, checked: Iterable[Item], platform: Platform, library_path: str = "") -> list[Missing]:
    """The libraries that the checked items need and the image lacks. `library_path` is its LD_LIBRARY_PATH."""
    folders = [*library_path.split(":"), *_standard(files, platform)] if library_path else _standard(files, platform)
    among_wheels = {path.rpartition("/")[2] for path in files.items if ".so" in path and _PYTHON_FOLDERS.search(path)}
    known: dict[str, bool] = {}
    found = []
    for item in checked:
        elf = item.elf
        # A later layer may have replaced the file; one for another CPU is data.
        if elf is None or files.items.get(item.path) != item or MACHINES.get(elf.machine) != platform.architecture:
            continue
        for library in elf.needed:
            if library in among_wheels or library.startswith(_FROM_DRIVER) or _own(files, item.path, elf, library):
                continue
            if library not in known:
                known[library] = any(files.resolve(posixpath.join(folder, library)) for folder in folders)
            if not known[library]:
                found.append(Missing(item.path, library))
    return found


def check(found: list[Missing], platform: Platform, base: str) -> None:
    """Raises ConfigError that names files, libraries and, for a Debian base, the likely packages."""
    if not found:
        return
    libraries = sorted({one.library for one in found})
    shown = [f"/{one.path} needs {one.library}" for one in found[:_SHOWN]]
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    if base == "debian":
        packages = ", ".join(sorted(map(debian_package, libraries)))
        hint = f"add to build.system_packages, then run tidegate lock: {packages}"
    else:
        hint = f"use a base that has {', '.join(libraries)}"
    raise ConfigError(f"{platform}: a shared library is missing: {'; '.join(shown)}{more}", hint=hint)


def debian_package(library: str) -> str:
    """The Debian package that most likely has a library (Debian policy, 8.1)."""
    if library in _DEBIAN:
        return _DEBIAN[library]
    name, _, version = library.lower().replace("_", "-").partition(".so.")
    return f"{name}-{version}" if name[-1:].isdigit() and version else f"{name}{version}"


def _own(files: Filesystem, path: str, elf: Elf, library: str) -> bool:
    origin = "/" + posixpath.dirname(path)
    if "/" in library:
        return files.resolve(library) is not None
    folders = (re.sub(r"\$(?:ORIGIN|\{ORIGIN\})", lambda _: origin, folder) for folder in elf.search)
    return any(files.resolve(posixpath.join(folder, library)) for folder in folders)


def _standard(files: Filesystem, platform: Platform) -> list[str]:
    triplet = _TRIPLETS.get(platform.architecture, "")
    folders = [f"/lib/{triplet}", f"/usr/lib/{triplet}", "/lib", "/usr/lib", "/lib64", "/usr/lib64"]
    # What ld.so.conf lists is found through the cache that ldconfig makes of it, else not at all.
    return folders + (list(_configured(files)) if "etc/ld.so.cache" in files.items else [])


def _configured(files: Filesystem) -> Iterator[str]:
    for path, item in files.items.items():
        if path == "etc/ld.so.conf" or (path.startswith("etc/ld.so.conf.d/") and path.endswith(".conf")):
            for line in item.text.splitlines():
                folder = line.partition("#")[0].strip()
                if folder.startswith("/"):
                    yield folder
