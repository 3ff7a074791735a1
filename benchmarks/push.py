"""Push alone: one image from an OCI layout to Debian's docker-registry, Tidegate against crane and skopeo.

Each push has a fresh HOME and a fresh registry, the order changes from round to round. Prints the
seconds, the ratio of each peer's median to ours, and the peak memory of the pushing process. Ends
with 1 when a target is missed: no slower than crane, 1.3 times faster than skopeo, below 100 MiB.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.servers import docker_registry
from tidegate.oci import media_types
from tidegate.oci.descriptor import Descriptor
from tidegate.oci.digest import Digest, digest_stream
from tidegate.oci.layout import Layout
from tidegate.oci.manifest import ImageConfig, Manifest, RootFS, encode
from tidegate.oci.store import put_bytes

_MIB = 1 << 20
_TARGETS = {"crane": 1.0, "skopeo": 1.3}
_MAX_MEMORY_MIB = 100
_OURS = "tidegate"
_PUSH = """
import sys
from pathlib import Path
from tidegate.auth.keychain import Keychain
from tidegate.distribution.connect import open_repository
from tidegate.distribution.copy import copy_image
from tidegate.oci.layout import Layout
from tidegate.oci.reference import Reference
from tidegate.transport.http import Transport
reference = Reference.parse(sys.argv[2])
repository = open_repository(reference, Transport({}), Keychain({}))
copy_image(Layout.existing(Path(sys.argv[1])), "v1", repository, tags=[reference.tag])
"""


@dataclass(frozen=True)
class Run:
    seconds: float
    memory_mib: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size-mib", type=int, default=1144, help="bytes of the layers (default: 1.2 GB)")
    parser.add_argument("--layers", type=int, default=3, help="layers of equal size")
    parser.add_argument("--pairs", type=int, default=3, help="rounds, each with every tool")
    arguments = parser.parse_args()
    if shutil.which("docker-registry") is None:
        print("docker-registry is missing: install the package of that name")
        return 1
    with tempfile.TemporaryDirectory(prefix="tidegate-push-") as folder:
        results = measure(Path(folder), arguments)
    return report(results)


def measure(folder: Path, arguments: argparse.Namespace) -> dict[str, list[Run]]:
    tools = [_OURS, *(tool for tool in _TARGETS if shutil.which(tool))]
    for tool in sorted(set(_TARGETS) - set(tools)):
        print(f"{tool} is missing from PATH: not compared")
    layout = folder / "layout"
    write_image(layout, arguments.size_mib * _MIB, arguments.layers)
    results: dict[str, list[Run]] = {tool: [] for tool in tools}
    for number in range(arguments.pairs):
        for tool in tools if number % 2 == 0 else reversed(tools):
            results[tool].append(push(tool, layout, folder))
            print(f"{tool:10} {results[tool][-1].seconds:6.2f} s {results[tool][-1].memory_mib:6.0f} MiB", flush=True)
    return results


def write_image(path: Path, size: int, layers: int) -> None:
    """An image of random bytes, as weights are: nothing in it compresses."""
    layout = Layout(path)
    layout.prepare()
    descriptors = tuple(random_blob(layout, size // layers) for _ in range(layers))
    config = ImageConfig(architecture="amd64", os="linux", rootfs=RootFS(diff_ids=tuple(d.digest for d in descriptors)))
    manifest = Manifest(
        schema_version=2,
        media_type=media_types.MANIFEST,
        config=put_bytes(layout, encode(config), media_types.CONFIG),
        layers=descriptors,
    )
    layout.put_manifest(encode(manifest), media_types.MANIFEST, "v1")


def random_blob(layout: Layout, size: int) -> Descriptor:
    part = layout.path / "part"
    with part.open("wb") as file:
        for start in range(0, size, _MIB):
            file.write(os.urandom(min(_MIB, size - start)))
    with part.open("rb") as file:
        digest: Digest = digest_stream(file)[0]
    layout.blob_path(digest).parent.mkdir(parents=True, exist_ok=True)
    part.rename(layout.blob_path(digest))
    return Descriptor(media_type=media_types.LAYER, digest=digest, size=size)


def push(tool: str, layout: Path, folder: Path) -> Run:
    """One push by one tool, into an empty registry, from an empty home."""
    work = Path(tempfile.mkdtemp(dir=folder))
    with docker_registry(work / "registry") as server:
        run = timed(command(tool, layout, f"{server.address}/bench/image:v1"), work)
    shutil.rmtree(work)
    os.sync()
    return run


def command(tool: str, layout: Path, reference: str) -> list[str]:
    if tool == "crane":
        return ["crane", "push", "--insecure", str(layout), reference]
    if tool == "skopeo":
        return ["skopeo", "copy", "-q", "--dest-tls-verify=false", f"oci:{layout}:v1", f"docker://{reference}"]
    return [sys.executable, "-c", _PUSH, str(layout), reference]


def timed(arguments: list[str], home: Path) -> Run:
    environ = {"PATH": os.environ["PATH"], "HOME": str(home)}
    start = time.perf_counter()
    process = subprocess.Popen(arguments, env=environ, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{arguments[0]} ended with {process.returncode}")
    return Run(seconds, usage.ru_maxrss / 1024)


def report(results: dict[str, list[Run]]) -> int:
    ours = statistics.median(run.seconds for run in results[_OURS])
    memory = max(run.memory_mib for run in results[_OURS])
    missed = memory > _MAX_MEMORY_MIB
    print(f"\n{_OURS}: {ours:.2f} s, at most {memory:.0f} MiB of memory (allowed: {_MAX_MEMORY_MIB})")
    for tool, runs in results.items():
        if tool == _OURS:
            continue
        theirs = statistics.median(run.seconds for run in runs)
        good = theirs / ours >= _TARGETS[tool]
        missed = missed or not good
        print(
            f"{tool}: {theirs:.2f} s, {theirs / ours:.2f} times ours (wanted: {_TARGETS[tool]})",
            "ok" if good else "MISSED",
        )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
