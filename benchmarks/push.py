"""Push alone: one image from an OCI layout to Debian's docker-registry, Tidegate against crane and skopeo.

Each push has a fresh HOME and a fresh registry, and the order changes from round to round. Prints the
seconds and the peak memory of each push, and the ratio of each peer to Tidegate. Ends with 1 when a
target is missed (no slower than crane, 1.3 times faster than skopeo, below 100 MB), with 2 without a tool.

`python -m benchmarks.push [--size-mib 1144] [--layers 3] [--pairs 3]`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.harness import (
    BLOCK,
    TIDEGATE,
    Run,
    docker_registry,
    incompressible,
    need,
    report,
    report_peak,
    run,
    scratch,
)
from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.digest import digest_stream
from tidegate.oci.layout import Layout
from tidegate.oci.manifest import ImageConfig, Manifest, RootFS, encode
from tidegate.oci.store import put_bytes

_TARGETS = {"crane": 1.0, "skopeo": 1.3}
_MAX_MEMORY = 100_000_000
_OURS = "tidegate"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size-mib", type=int, default=1144, help="MiB in all layers (default: 1.2 GB)")
    parser.add_argument("--layers", type=int, default=3, help="layers of equal size")
    parser.add_argument("--pairs", type=int, default=3, help="rounds, each with every tool")
    arguments = parser.parse_args()
    need("docker-registry")
    peers = [tool for tool in _TARGETS if shutil.which(tool)]
    for tool in sorted(set(_TARGETS) - set(peers)):
        print(f"{tool} is missing from PATH: not compared")
    if not peers:
        return 2
    with scratch() as folder:
        layout = write_image(folder / "layout", arguments.size_mib * BLOCK // arguments.layers, arguments.layers)
        os.sync()
        runs = measure([_OURS, *peers], layout, folder, arguments.pairs)
    met = [report(f"push, against {tool}", runs[_OURS], runs[tool], _TARGETS[tool]) for tool in peers]
    met.append(report_peak("push", runs[_OURS], _MAX_MEMORY))
    return 0 if all(met) else 1


def measure(tools: list[str], layout: Path, folder: Path, rounds: int) -> dict[str, list[Run]]:
    runs: dict[str, list[Run]] = {tool: [] for tool in tools}
    for number in range(rounds):
        for tool in tools if number % 2 == 0 else tools[::-1]:
            runs[tool].append(push(tool, layout, folder))
            print(f"  {tool:9} {runs[tool][-1].seconds:6.2f} s {runs[tool][-1].peak / 1e6:5.0f} MB", flush=True)
    return runs


def push(tool: str, layout: Path, folder: Path) -> Run:
    """One push by one tool, into an empty registry, from an empty home."""
    work = Path(tempfile.mkdtemp(dir=folder))
    with docker_registry(work / "registry") as address:
        env = {"PATH": os.environ["PATH"], "HOME": str(work)}
        result = run(command(tool, layout, f"{address}/bench/image:v1"), env=env)
    shutil.rmtree(work)
    # What one push left to be written must not slow down the next one.
    os.sync()
    return result


def command(tool: str, layout: Path, reference: str) -> list[str]:
    if tool == "crane":
        return ["crane", "push", "--insecure", str(layout), reference]
    if tool == "skopeo":
        return ["skopeo", "copy", "-q", "--dest-tls-verify=false", f"oci:{layout}:v1", f"docker://{reference}"]
    return [*TIDEGATE, "push", f"oci:{layout}:v1", reference]


def write_image(path: Path, size: int, layers: int) -> Path:
    """An image of random bytes, as weights are: nothing in it compresses."""
    layout = Layout(path)
    descriptors = tuple(random_layer(layout, size) for _ in range(layers))
    config = ImageConfig(architecture="amd64", os="linux", rootfs=RootFS(diff_ids=tuple(d.digest for d in descriptors)))
    manifest = Manifest(
        schema_version=2,
        media_type=media_types.MANIFEST,
        config=put_bytes(layout, encode(config), media_types.CONFIG),
        layers=descriptors,
    )
    layout.put_manifest(encode(manifest), media_types.MANIFEST, "v1")
    return path


def random_layer(layout: Layout, size: int) -> Descriptor:
    part = layout.path / "part"
    incompressible(part, size)
    with part.open("rb", buffering=0) as file:
        digest, _ = digest_stream(file)
    layout.blob_path(digest).parent.mkdir(parents=True, exist_ok=True)
    part.rename(layout.blob_path(digest))
    return Descriptor(media_type=media_types.LAYER, digest=digest, size=size)


if __name__ == "__main__":
    sys.exit(main())
