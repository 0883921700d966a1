"""The command: measures the rows that are asked for, and writes the page if all were."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable

import benchmarks.cvar
from benchmarks.cvar.account import DELTAS, measure_account, name_of
from benchmarks.cvar.measure import Measurement
from benchmarks.cvar.memory import measure_memory
from benchmarks.cvar.page import publish, render
from benchmarks.cvar.repeated import measure_frontier, measure_resolves, measure_walk_forward
from benchmarks.cvar.rows import ROWS, measure_row
from benchmarks.cvar.store import record_of

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"), "1")

MEASURES: dict[str, Callable[[], Measurement]] = {
    **{row.name: lambda row=row: measure_row(row) for row in ROWS},
    "frontier": measure_frontier,
    "resolves": measure_resolves,
    "walk-forward": measure_walk_forward,
    **{name_of(delta): lambda delta=delta: measure_account(delta) for delta in DELTAS},
    "memory": measure_memory,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cvar", description=benchmarks.cvar.__doc__)
    parser.add_argument(
        "--rows", nargs="+", choices=list(MEASURES), metavar="ROW", help=", ".join(MEASURES).replace("%", "%%")
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--write", action="store_true", help="keep the figures in docs/engine.json, then render")
    what.add_argument("--render", action="store_true", help="table and plot of docs/engine.* again, without measuring")
    asked = parser.parse_args()
    if asked.write and asked.rows:
        parser.error("--write keeps one whole run: leave out --rows")
    if asked.render:
        render()
        return
    if any(os.environ.get(name) != count for name, count in ONE_THREAD.items()):
        # Libraries read these when they are imported, so start again with them.
        os.execve(sys.executable, [sys.executable, "-m", "benchmarks.cvar", *sys.argv[1:]], os.environ | ONE_THREAD)
    found = []
    for name in asked.rows or MEASURES:
        found.append(MEASURES[name]())
        print(found[-1], flush=True)
    if asked.write:
        publish(record_of(tuple(found)))


if __name__ == "__main__":
    main()
