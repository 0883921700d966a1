"""Every benchmark in turn: ``python -m benchmarks``, or ``make bench``."""

from __future__ import annotations

import subprocess
import sys

NAMES = (
    *("correlation", "cvar", "account_size", "ingestion", "nightly", "startup", "front_door"),
    *("decisions", "signal_path", "signal_load", "books", "reconciliation", "marts"),
)

for name in NAMES:
    print(f"\n== {name}", flush=True)
    subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)
