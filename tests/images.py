"""Tiny images for tests: layers from mappings, and this machine's Python to run something in them."""

from __future__ import annotations

import functools
import gzip
import io
import os
import platform
import re
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor, Platform
from tidegate.oci.digest import Digest
from tidegate.oci.image import Image, load_image
from tidegate.oci.layout import Layout
from tidegate.oci.local import LocalStore
from tidegate.oci.manifest import Execution, ImageConfig, Manifest, RootFS, encode
from tidegate.oci.recipe import FilePart, Literal, Recipe
from tidegate.oci.store import put_bytes

# What a path in a layer is: a file's bytes, a symbolic link's target, None for a folder, or any tar header.
Item = bytes | str | None | tarfile.TarInfo
PYTHON = os.path.realpath(sys.executable)
_LEFT_OUT = {"test", "tests", "idlelib", "ensurepip", "tkinter", "lib2to3", "site-packages", "dist-packages"}


def make_layer(items: Mapping[str, Item]) -> bytes:
    """An uncompressed layer; files are executable, all belongs to root."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, item in items.items():
            member = item if isinstance(item, tarfile.TarInfo) else tarfile.TarInfo(path)
            content = None
            if isinstance(item, bytes):
                member.size, member.mode, content = len(item), 0o755, io.BytesIO(item)
            elif isinstance(item, str):
                member.type, member.linkname = tarfile.SYMTYPE, item
            elif item is None:
                member.type, member.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(member, content)
    return stream.getvalue()


def put_weights(store: LocalStore, path: str, source: Path) -> Descriptor:
    """A layer with one file that stays where it lies; `path` is where the image has it."""
    member = tarfile.TarInfo(path)
    member.size, member.mode = source.stat().st_size, 0o644
    padding = -member.size % tarfile.BLOCKSIZE
    end = Literal(bytes(padding + 2 * tarfile.BLOCKSIZE))
    recipe = Recipe((Literal(member.tobuf(tarfile.PAX_FORMAT)), FilePart.of(source), end))
    with recipe.open() as stream:
        data = stream.readall()
    digest = Digest.of(data or b"")
    store.put_recipe(digest, recipe)
    return Descriptor(media_type=media_types.LAYER, digest=digest, size=recipe.size)


def make_image(
    store: Layout,
    layers: Sequence[bytes | Descriptor],
    *,
    command: Sequence[str],
    user: str = "65532",
    port: int | None = None,
    env: Mapping[str, str] | None = None,
    workdir: str = "/",
    target: Platform | None = None,
    tag: str | None = None,
) -> Image:
    """An image of these layers, uncompressed, for this machine's platform unless `target` is given."""
    target = target or Platform.of_machine(platform.machine())
    stored = [
        layer if isinstance(layer, Descriptor) else put_bytes(store, layer, media_types.LAYER) for layer in layers
    ]
    config = ImageConfig(
        architecture=target.architecture,
        os=target.os,
        config=Execution(
            user=user,
            exposed_ports={f"{port}/tcp": {}} if port else {},
            env=tuple(f"{name}={value}" for name, value in (env or {}).items()),
            cmd=tuple(command),
            working_dir=workdir,
        ),
        rootfs=RootFS(diff_ids=tuple(_diff_id(store, layer) for layer in stored)),
    )
    manifest = Manifest(
        schema_version=2,
        media_type=media_types.MANIFEST,
        config=put_bytes(store, encode(config), media_types.CONFIG),
        layers=tuple(stored),
    )
    descriptor = store.put_manifest(encode(manifest), media_types.MANIFEST, tag)
    return load_image(store, descriptor.digest)


def _diff_id(store: Layout, layer: Descriptor) -> Digest:
    if layer.media_type != media_types.LAYER_GZIP:
        return layer.digest
    return Digest.of(gzip.decompress(store.blob_path(layer.digest).read_bytes()))


def python_image(store: Layout, program: str, *extra: bytes | Descriptor, port: int | None = None) -> Image:
    """An image that runs a Python program, `/app/main.py` in its last layer."""
    app = make_layer({"app": None, "app/main.py": program.encode()})
    return make_image(
        store,
        [python_layer(), *extra, app],
        command=[PYTHON, "-S", "-u", "/app/main.py"],
        env={"PYTHONHOME": sys.base_prefix, "PYTHONDONTWRITEBYTECODE": "1"},
        port=port,
        workdir="/app",
    )


@functools.cache
def python_layer() -> bytes:
    """This machine's Python with its standard library and the shared libraries that they need."""
    library = Path(sysconfig.get_path("stdlib", vars={"installed_base": sys.base_prefix}))
    files = {path: path.read_bytes() for path in [Path(PYTHON), *_modules(library)]}
    shared = [path for path in files if path.suffix == ".so"]
    files |= {path: path.read_bytes() for path in _libraries([Path(PYTHON), *shared])}
    items: dict[str, Item] = {
        "etc": None,
        "etc/passwd": b"root:x:0:0:root:/root:/bin/sh\nmodel:x:65532:65532::/home/model:/bin/sh\n",
        "etc/group": b"root:x:0:\nmodel:x:65532:\n",
    }
    items |= {str(path).lstrip("/"): data for path, data in sorted(files.items())}
    return make_layer(items)


def _modules(library: Path) -> Iterator[Path]:
    for folder, names, files in os.walk(library):
        names[:] = [name for name in names if name not in _LEFT_OUT and name != "__pycache__"]
        yield from (Path(folder, name) for name in files if name.endswith((".py", ".so")))


def _libraries(files: Sequence[Path]) -> set[Path]:
    output = subprocess.run(["ldd", *map(str, files)], capture_output=True, text=True, check=False).stdout
    return {Path(found) for found in re.findall(r"(/\S+) \(0x", output)}
