"""How soon `tidegate --version` and `--help` answer, in starts of a bare interpreter.

`python -m benchmarks.startup [--runs 11]`. Exit code 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path

from benchmarks.harness import run

TARGETS = {"--version": 5, "--help": 12}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=11)
    runs = parser.parse_args().runs
    tidegate = Path(sys.executable).with_name("tidegate")
    seconds: dict[str, list[float]] = {name: [] for name in ("python", *TARGETS)}
    for _ in range(runs):
        seconds["python"].append(run([sys.executable, "-c", "pass"]).seconds)
        for flag in TARGETS:
            seconds[flag].append(run([tidegate, flag]).seconds)
    bare = statistics.median(seconds["python"])
    print(f"python3 -c pass: {bare * 1000:.0f} ms")
    met = []
    for flag, target in TARGETS.items():
        median = statistics.median(seconds[flag])
        met.append(median <= target * bare)
        word = "met" if met[-1] else "MISSED"
        print(f"tidegate {flag}: {median * 1000:.0f} ms: {median / bare:.1f} times (at most {target}): {word}")
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
