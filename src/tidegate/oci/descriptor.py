"""Descriptors and platforms (OCI image-spec, descriptor.md and image-index.md)."""

from __future__ import annotations

import msgspec

from tidegate.errors import UsageError
from tidegate.oci.digest import Digest

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "amd64": "amd64", "arm64": "arm64"}


class Platform(
    msgspec.Struct, frozen=True, omit_defaults=True, rename={"os_version": "os.version", "os_features": "os.features"}
):
    """An operating system and CPU, in Go's words."""

    architecture: str
    os: str
    variant: str | None = None
    os_version: str | None = None
    os_features: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Platform:
        """Parse `os/architecture[/variant]`. Raises UsageError."""
        parts = text.split("/")
        if len(parts) not in {2, 3} or not all(parts):
            raise UsageError(f"{text!r} is not a platform", hint="write it as linux/amd64 or linux/arm64")
        return cls(os=parts[0], architecture=parts[1], variant=parts[2] if len(parts) == 3 else None)

    @classmethod
    def of_machine(cls, machine: str) -> Platform:
        """The Linux platform of a machine name as `uname -m` prints it."""
        return cls(os="linux", architecture=_ARCHITECTURES.get(machine, machine))

    def runs(self, other: Platform) -> bool:
        """Whether an image for `other` is for this platform, variants aside."""
        return (self.os, self.architecture) == (other.os, other.architecture)

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)


class Descriptor(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", kw_only=True):
    """What content is, where it is addressed, and how many bytes it has."""

    media_type: str
    digest: Digest
    size: int
    urls: tuple[str, ...] = ()
    annotations: dict[str, str] = {}
    data: str | None = None
    artifact_type: str | None = None
    platform: Platform | None = None
