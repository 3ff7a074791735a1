"""The links that `update-alternatives` would have made, read from maintainer scripts that nothing runs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass

from tidegate.oci.layer import SYMLINK, Entry

_CALL = re.compile(r"update-alternatives\b[^\n;&|]*--install\b[^\n;&|]*")


@dataclass(frozen=True, slots=True)
class Alternative:
    """`link` leads to `path` by way of the generic `name`; the highest priority is taken."""

    link: str
    name: str
    path: str
    priority: int


def parse(script: str) -> Iterator[Alternative]:
    """The alternatives that a script installs, with their slaves. Calls with shell variables are left out."""
    for call in _CALL.findall(script.replace("\\\n", " ")):
        try:
            words = shlex.split(call)
        except ValueError:
            continue
        priority = 0
        for position, word in enumerate(words):
            if word == "--install" and len(words) > position + 4 and words[position + 4].lstrip("-").isdecimal():
                priority = int(words[position + 4])
            elif word != "--slave":
                continue
            named = words[position + 1 : position + 4]
            if len(named) == 3 and _plain(named):
                yield Alternative(named[0], named[1], named[2], priority)


def links(scripts: Mapping[str, str], taken: Container[str]) -> Iterator[Entry]:
    """The links for all packages' scripts (by package name), where the file is there and the link's place is free.

    `taken` holds the paths that the image has, without a leading slash and with /usr merged.
    """
    chosen: dict[str, Alternative] = {}
    for package in sorted(scripts):
        for found in parse(scripts[package]):
            best = chosen.get(found.name)
            if merged(found.path) in taken and (best is None or found.priority > best.priority):
                chosen[found.name] = found
    for name, found in sorted(chosen.items()):
        if merged(found.link) not in taken:
            yield Entry(f"etc/alternatives/{name}", SYMLINK, 0, 0o777, 0, 0, found.path)
            yield Entry(merged(found.link), SYMLINK, 0, 0o777, 0, 0, f"/etc/alternatives/{name}")


def merged(path: str) -> str:
    """A path relative to the root as it is with /usr merged: `/bin/sh` lies at `usr/bin/sh`."""
    path = path.lstrip("/")
    return f"usr/{path}" if path.split("/", 1)[0] in MERGED and "/" in path else path


# The folders of the root that are links into /usr (usrmerge).
MERGED = frozenset({"bin", "lib", "lib32", "lib64", "libx32", "sbin"})


def _plain(named: list[str]) -> bool:
    link, name, path = named
    return link.startswith("/") and path.startswith("/") and "/" not in name and "$" not in link + path
