"""How much memory one solve takes on top of the scenario matrix, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import psutil

from benchmarks.cvar.measure import Measurement, Promise
from benchmarks.cvar.problems import generate, held_of, limit_of, pose
from fund_pipeline.cerebro.allocation import solve

DAYS, STRATEGIES = 5040, 500
SHARES = (0.5, 0.02)
KILOBYTE = 1024


def measure_memory() -> Measurement:
    """The peak of the resident size less the size before, as a multiple of the matrix; the worst of two limits."""
    values = generate(DAYS, STRATEGIES)
    found = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "returns.npy"
        np.save(path, values)
        for share in SHARES:
            command = [sys.executable, "-m", "benchmarks.cvar.memory", str(path), repr(limit_of(values, share))]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            found.append(json.loads(done.stdout))
    worst = max(one["bytes"] for one in found)
    return Measurement(
        row="memory",
        problem=f"peak memory of one solve, {DAYS}×{STRATEGIES}, L = {' and '.join(f'{s * 100:g} %' for s in SHARES)}",
        held=" and ".join(str(one["held"]) for one in found),
        seconds=None,
        reached=worst / values.nbytes,
        promise=Promise(4, None, "× the matrix", fewer_is_better=True),
    )


def main() -> None:
    """Solve the problem of a file once and print its bytes; the libraries are loaded before by a small problem."""
    path, limit = sys.argv[1:]
    small = generate(252, 12)
    solve(pose(small, limit_of(small, 0.05)))
    values = np.load(path)
    # The resident size now, not the peak so far, so that no earlier peak hides a part of the solve's.
    before = psutil.Process().memory_info().rss
    solution = solve(pose(values, float(limit)))
    peak = _peak()
    assert not solution.fallbacks, solution.fallbacks
    print(json.dumps({"bytes": max(peak - before, 0), "held": held_of(solution.weights)}))


def _peak() -> int:
    """Greatest resident size of this process so far, bytes. `ru_maxrss` would count the parent's, before the exec."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * KILOBYTE
    raise OSError("this kernel does not tell the peak of the resident size (VmHWM)")


if __name__ == "__main__":
    main()
