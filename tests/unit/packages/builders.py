"""Packages made by hand: a .deb and a wheel from names and bytes."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import zstandard

COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.ZstdCompressor().compress,
}


def member(path: str, data: bytes = b"", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    """A tar member: a file, or what `fields` of TarInfo make of it."""
    info = tarfile.TarInfo(path)
    info.mode, info.size = 0o644, len(data)
    for name, value in fields.items():
        setattr(info, name, value)
    return info, data


def folder(path: str, mode: int = 0o755) -> tuple[tarfile.TarInfo, bytes]:
    return member(path, type=tarfile.DIRTYPE, mode=mode)


def link(path: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    return member(path, type=kind, linkname=target, mode=0o777)


def tar(members: Sequence[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def ar(members: Mapping[str, bytes]) -> bytes:
    """An ar archive as dpkg-deb writes it."""
    parts = [b"!<arch>\n"]
    for name, data in members.items():
        parts.append(f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode())
        parts.append(data + b"\n" * (len(data) % 2))
    return b"".join(parts)


def deb(
    target: Path,
    name: str,
    members: Sequence[tuple[tarfile.TarInfo, bytes]] = (),
    *,
    extra: str = "",
    postinst: str = "",
    compression: str = ".xz",
) -> Path:
    """A Debian package `name` 1.0 for amd64; `extra` are more lines of its control file."""
    control = f"Package: {name}\nVersion: 1.0\nArchitecture: amd64\n{extra}Description: a test\n more of it\n"
    scripts = [member("./control", control.encode())] + ([member("./postinst", postinst.encode())] if postinst else [])
    path = target / f"{name}_1.0_amd64.deb"
    pack = COMPRESSIONS[compression]
    path.write_bytes(
        ar(
            {
                "debian-binary": b"2.0\n",
                f"control.tar{compression}": pack(tar(scripts)),
                f"data.tar{compression}": pack(tar(members)),
            }
        )
    )
    return path


def record_line(path: str, data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
    return f"{path},sha256={digest},{len(data)}\n"


def wheel(
    target: Path,
    name: str = "sample",
    files: Mapping[str, bytes] | None = None,
    *,
    tag: str = "py3-none-any",
    version: str = "1.0",
    entry_points: str = "",
    record: str | None = None,
    executable: Sequence[str] = (),
    requires: Sequence[str] = (),
) -> Path:
    """A wheel with the given files; `record` replaces its RECORD."""
    info = f"{name}-{version}.dist-info"
    needed = "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    contents = {
        **(files if files is not None else {f"{name}/__init__.py": b"VALUE = 1\n"}),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needed}".encode(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
    }
    if entry_points:
        contents[f"{info}/entry_points.txt"] = entry_points.encode()
    lines = "".join(record_line(path, data) for path, data in contents.items()) + f"{info}/RECORD,,\n"
    contents[f"{info}/RECORD"] = (lines if record is None else record).encode()
    path = target / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member_name, data in contents.items():
            item = zipfile.ZipInfo(member_name)
            item.external_attr = (0o100755 if member_name in executable else 0o100644) << 16
            item.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(item, data)
    return path
