"""Seconds a fresh interpreter takes to load each code location: ``python -m benchmarks.startup``.

The location `trading` has to load in under 3 s on the embedded set-up; `research` may take as long as its libraries do.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 5
LIMIT = {"trading": 3.0}


def seconds(location: str) -> float:
    """Start an interpreter, import the location's definitions, end it."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", f"import fund_pipeline.defs.{location}.definitions"], check=True)
    return time.perf_counter() - began


def main() -> None:
    """Print the median of several starts of each location."""
    for location in ("trading", "research"):
        found = statistics.median(seconds(location) for _ in range(RUNS))
        limit = f" (limit {LIMIT[location]:.0f})" if location in LIMIT else ""
        print(f"{location:10} {found:5.2f} s{limit}")


if __name__ == "__main__":
    main()
