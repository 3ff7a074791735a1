"""Finding out whether a way of running works, by running the smallest program there is."""

from __future__ import annotations

import io
import os
import platform
import struct
import tarfile
import tempfile
from pathlib import Path

from tidegate.errors import Error
from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor, Platform
from tidegate.oci.digest import Digest
from tidegate.oci.image import Image, load_image
from tidegate.oci.layout import Layout
from tidegate.oci.manifest import Execution, ImageConfig, Manifest, RootFS, encode
from tidegate.oci.store import put_bytes
from tidegate.runtime.interface import Bundle, RunSpec, Runtime, User
from tidegate.runtime.rootfs import Unpacker

_TIMEOUT = 20.0
# Machine code of `exit(0)`, and the machine's number in an ELF header.
_EXIT = {
    "amd64": (62, bytes.fromhex("31ffb83c0000000f05")),
    "arm64": (183, bytes.fromhex("000080d2a80b80d2010000d4")),
}


def attempt(runtime: Runtime) -> str | None:
    """Why the runtime can't run a program here, in its own words; None when it can."""
    with tempfile.TemporaryDirectory(prefix="tidegate-probe-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        scratch = folder / folder.name
        scratch.mkdir(mode=0o711)
        spec = RunSpec(("/probe",), {}, "/", User(65532, 65532))
        try:
            image = tiny_image(folder / "image")
            root = Unpacker(folder / "root", owners=os.geteuid() == 0).unpack(image)
            with runtime.start(Bundle(image, root, scratch), spec) as container:
                code = container.wait(_TIMEOUT)
                return None if code == 0 else _reason(code, container.log(1000))
        except Error as error:
            return error.message


def _reason(code: int | None, log: str) -> str:
    lines = log.strip().splitlines()
    last = f": {lines[-1]}" if lines else ""
    return f"a first program did not {'end' if code is None else f'run (exit code {code})'}{last}"


def tiny_image(folder: Path) -> Image:
    """An image whose only file ends at once with exit code 0, in a layout at `folder`."""
    architecture = Platform.of_machine(platform.machine()).architecture
    store = Layout(folder)
    layer = _tar("probe", _program(architecture))
    config = ImageConfig(
        architecture=architecture,
        os="linux",
        config=Execution(cmd=("/probe",)),
        rootfs=RootFS(diff_ids=(Digest.of(layer),)),
    )
    manifest = Manifest(
        schema_version=2,
        media_type=media_types.MANIFEST,
        config=put_bytes(store, encode(config), media_types.CONFIG),
        layers=(put_bytes(store, layer, media_types.LAYER),),
    )
    descriptor: Descriptor = store.put_manifest(encode(manifest), media_types.MANIFEST)
    return load_image(store, descriptor.digest)


def _program(architecture: str) -> bytes:
    """A static ELF file of one segment (elf(5))."""
    machine, code = _EXIT.get(architecture, _EXIT["amd64"])
    base, start = 0x400000, 64 + 56
    size = start + len(code)
    header = struct.pack(
        "<16sHHIQQQIHHHHHH",
        b"\x7fELF\x02\x01\x01",
        *(2, machine, 1, base + start, 64, 0, 0, 64, 56, 1, 0, 0, 0),
    )
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, base, base, size, size, 0x1000)
    return header + segment + code


def _tar(name: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(content), 0o755
        archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()
