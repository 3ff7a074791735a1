"""All benchmarks, one after the other: `python -m benchmarks`. Exit code 1 when any target is missed."""

from __future__ import annotations

import sys

from benchmarks import push, release, startup, unchanged


def main() -> int:
    codes = []
    for benchmark in (startup, unchanged, push, release):
        print(f"== {(benchmark.__doc__ or '').partition(chr(10))[0]}", flush=True)
        try:
            codes.append(benchmark.main())
        except SystemExit as error:
            codes.append(1 if error.code else 0)
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
