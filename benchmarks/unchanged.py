"""A release of a commit that is released already: under half a second.

`python -m benchmarks.unchanged [--runs 7]`. Exit code 1 when the target is missed. Needs the network to package
registries once, for the example's packages.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.harness import TIDEGATE, docker_registry, need, run, scratch

TARGET = 0.5
EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "digits"
# Data that is there and new, so that the scan passes and nothing is left to do the second time.
ADVISORIES = ("PyPI", "Debian:12")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    need("docker-registry", "git")
    with scratch() as folder, docker_registry(folder / "registry") as address:
        model = _model(folder)
        environ = {**os.environ, "TIDEGATE_HOME": str(folder / "home")}
        run([*TIDEGATE, "lock", "--upgrade", model], env=environ)
        _git(model, "commit", "--quiet", "--all", "--allow-empty", "--message", "Lock")
        _advisories(folder, environ)
        release = [*TIDEGATE, "release", model, "--to", f"{address}/digits"]
        first = run(release, env=environ)
        seconds = [run(release, env=environ).seconds for _ in range(runs)]
    median = statistics.median(seconds)
    word = "met" if median < TARGET else "MISSED"
    print(f"first release {first.seconds:.2f} s; again {median:.2f} s (under {TARGET}): {word}")
    return 0 if median < TARGET else 1


def _model(folder: Path) -> Path:
    model = folder / "digits"
    shutil.copytree(EXAMPLE, model)
    _git(model, "init", "--quiet")
    _git(model, "add", "--all")
    _git(model, "commit", "--quiet", "--message", "First")
    return model


def _git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=bench", "-c", "user.email=bench@example.com"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True)


def _advisories(folder: Path, environ: dict[str, str]) -> None:
    dump = folder / "osv.jsonl"
    records = [
        {
            "id": f"BENCH-{number}",
            "modified": datetime.now(UTC).isoformat(),
            "affected": [{"package": {"ecosystem": name, "name": "nobody-has-this"}, "versions": ["0"]}],
        }
        for number, name in enumerate(ADVISORIES)
    ]
    dump.write_text("".join(json.dumps(record) + "\n" for record in records))
    run([*TIDEGATE, "advisories", "update", "--from", dump], env=environ)


if __name__ == "__main__":
    sys.exit(main())
