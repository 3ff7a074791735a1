"""What packages are chosen for: a Python version on a platform's C library."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from packaging.tags import Tag, compatible_tags, cpython_tags

from tidegate.errors import ConfigError
from tidegate.oci.descriptor import Platform

_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
# Legacy names of manylinux tags (PEP 600), by the glibc minor version that they stand for.
_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
# The oldest glibc minor version that a platform's wheels are built for.
_OLDEST = {"x86_64": 5, "aarch64": 17}
# What `uv --python-platform` knows, as glibc minor versions.
_KNOWN_TO_UV = (17, 28, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40)
_SUITES = {"bullseye": 31, "bookworm": 36, "trixie": 41}


@dataclass(frozen=True, slots=True)
class Target:
    """A Python version (`3.11`) on a Linux platform with glibc 2.`glibc`."""

    python: str
    platform: Platform
    glibc: int = 36

    def __post_init__(self) -> None:
        """Raises ConfigError for a platform that nothing can be chosen for."""
        if self.platform.os != "linux" or self.platform.architecture not in _MACHINES:
            raise ConfigError(
                f"build.platforms: {self.platform} is not one that packages can be locked for",
                hint="use linux/amd64, linux/arm64 or both",
            )

    @property
    def machine(self) -> str:
        """The CPU as `uname -m` prints it."""
        return _MACHINES[self.platform.architecture]

    @property
    def uv_platform(self) -> str:
        """The nearest value of `uv --python-platform` that is not newer than the C library."""
        minor = max((known for known in _KNOWN_TO_UV if known <= self.glibc), default=_KNOWN_TO_UV[0])
        return f"{self.machine}-manylinux_2_{minor}"

    def tags(self) -> list[Tag]:
        """The wheel tags that fit, best first."""
        version = (3, int(self.python.removeprefix("3.")))
        platforms = list(self._platforms())
        interpreter = f"cp3{version[1]}"
        return [
            *cpython_tags(version, [f"{interpreter}"], platforms),
            *compatible_tags(version, interpreter, platforms),
        ]

    def markers(self) -> dict[str, str]:
        """The environment for markers (PEP 508). The patch level isn't known: 0 is assumed."""
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.0",
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
            "sys_platform": "linux",
            "extra": "",
        }

    def _platforms(self) -> Iterator[str]:
        for minor in range(self.glibc, _OLDEST[self.machine] - 1, -1):
            yield f"manylinux_2_{minor}_{self.machine}"
            if minor in _LEGACY:
                yield f"{_LEGACY[minor]}_{self.machine}"
        yield f"linux_{self.machine}"


def suite_glibc(suite: str) -> int:
    """The minor version of glibc in a Debian suite; of an unknown suite that of bookworm, which newer ones can run."""
    return _SUITES.get(suite, _SUITES["bookworm"])
