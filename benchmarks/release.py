"""Build + push of an image with large weights, cold and after a one-line change, against docker and buildah.

As root: `python -m benchmarks.release [--size-mib 1024] [--files 4] [--runs 1]`; exit code 1 when a target is missed.
The weights are a folder of shards, as those of large models are; `--files 1` makes them one file, which docker-registry
takes in at the speed of one connection, about 250 MB/s here, whoever sends it. Needs Debian's docker.io, buildah,
docker-registry and busybox-static.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from benchmarks.harness import (
    TIDEGATE,
    Run,
    docker_registry,
    dockerd,
    incompressible,
    need,
    report,
    report_peak,
    run,
    scratch,
)

MEMORY_LIMIT = 150_000_000
CONFIG = """\
tidegate: 1
model: {name: big}
build:
  base: {layout: base.tar}
  code: [app.py]
  command: [/bin/busybox, "true"]
weights:
  - {name: main, source: weights, path: /models}
"""
DOCKERFILE = """\
FROM base
COPY weights /models
COPY app.py /app/app.py
CMD ["/bin/busybox", "true"]
"""


def main() -> int:
    arguments = _arguments()
    need("docker", "dockerd", "buildah", "docker-registry", "busybox")
    met = []
    with scratch() as folder, dockerd(folder / "dockerd") as docker:
        _model(folder / "model", arguments.size_mib << 20, arguments.files, docker)
        ours, docker_runs, buildah_runs, memory = [], [], [], []
        for number in range(arguments.runs):
            place = folder / str(number)
            cold, changed, peaks = _tidegate(folder / "model", place / "tidegate")
            ours.append((cold, changed))
            memory += peaks
            docker_runs.append(_docker(folder / "model", place / "docker", docker))
            buildah_runs.append(_buildah(folder / "model", place / "buildah"))
        colds, changes = [a for a, _ in ours], [b for _, b in ours]
        met.append(report("cold, against docker", colds, [a for a, _ in docker_runs], 8))
        met.append(report("cold, against buildah", colds, [a for a, _ in buildah_runs], 8))
        met.append(report("one line of code changed, against docker", changes, [b for _, b in docker_runs], 10))
        met.append(report("one line of code changed, against one second", changes, [Run(1.0, 0)] * len(changes), 1))
        met.append(report_peak("build and push", memory, MEMORY_LIMIT))
        copies = _copies(folder, (arguments.size_mib << 20) // arguments.files)
        print(f"copies of the weights that Tidegate left on disk: {len(copies)}")
        met.append(not copies)
    return 0 if all(met) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size-mib", type=int, default=1024)
    parser.add_argument("--files", type=int, default=4)
    parser.add_argument("--runs", type=int, default=1)
    return parser.parse_args()


def _model(folder: Path, size: int, files: int, docker: dict[str, str]) -> None:
    """One model folder for all three, on one base: a static busybox."""
    for number in range(files):
        incompressible(folder / "weights" / f"model-{number:05}.bin", size // files)
    (folder / "app.py").write_text("print(0)\n")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "tidegate.yaml").write_text(CONFIG)
    root = folder.parent / "root.tar"
    with tarfile.open(root, "w") as archive:
        archive.add(Path(shutil.which("busybox") or "busybox").resolve(), "bin/busybox")
    run(["docker", "import", root, "base"], env=docker)
    run(["docker", "save", "-o", folder / "base.tar", "base"], env=docker)
    (folder / ".dockerignore").write_text("base.tar\ntidegate.*\n")
    git = ["git", "-C", str(folder), "-c", "user.name=bench", "-c", "user.email=bench@example.com"]
    (folder / ".gitignore").write_text("weights/\nbase.tar\n")
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *command], check=True)


def _change(folder: Path) -> None:
    with (folder / "app.py").open("a") as file:
        file.write("print(1)\n")


def _tidegate(model: Path, place: Path) -> tuple[Run, Run, list[Run]]:
    home = place / "home"
    environ = {**os.environ, "TIDEGATE_HOME": str(home), "HOME": str(home)}
    run([*TIDEGATE, "lock", model], env=environ)
    # The lock's hashing is not the build's: it is forgotten, so that the build starts cold.
    shutil.rmtree(home)
    with docker_registry(place / "registry") as address:
        runs = [_build_and_push(model, address, environ)]
        _change(model)
        runs.append(_build_and_push(model, address, environ))
    return _sum(runs[0]), _sum(runs[1]), [one for pair in runs for one in pair]


def _build_and_push(model: Path, address: str, environ: dict[str, str]) -> list[Run]:
    return [run([*TIDEGATE, "push", model, f"{address}/big:latest"], env=environ)]


def _docker(model: Path, place: Path, environ: dict[str, str]) -> tuple[Run, Run]:
    with docker_registry(place / "registry") as address:
        tag = f"{address}/big:latest"
        runs = []
        for _ in range(2):
            runs.append(
                _sum(
                    [run(["docker", "build", "-t", tag, model], env=environ), run(["docker", "push", tag], env=environ)]
                )
            )
            _change(model)
        run(["docker", "rmi", "-f", tag], env=environ)
    return runs[0], runs[1]


def _buildah(model: Path, place: Path) -> tuple[Run, Run]:
    environ = {**os.environ, "HOME": str(place)}
    storage = ["--root", str(place / "storage"), "--runroot", str(place / "run")]
    with docker_registry(place / "registry") as address:
        run(["buildah", *storage, "pull", f"docker-archive:{model / 'base.tar'}"], env=environ)
        tag = f"{address}/big:latest"
        build = ["buildah", *storage, "bud", "--layers", "--isolation", "chroot", "-t", tag, model]
        push = ["buildah", *storage, "push", "--tls-verify=false", tag, f"docker://{tag}"]
        runs = []
        for _ in range(2):
            runs.append(_sum([run(build, env=environ), run(push, env=environ)]))
            _change(model)
    return runs[0], runs[1]


def _sum(runs: list[Run]) -> Run:
    return Run(sum(one.seconds for one in runs), max(one.peak for one in runs))


def _copies(folder: Path, size: int) -> list[Path]:
    """Files below Tidegate's home that are as large as the weights."""
    return [path for path in folder.glob("*/tidegate/home/**/*") if path.is_file() and path.stat().st_size >= size // 2]


if __name__ == "__main__":
    sys.exit(main())
