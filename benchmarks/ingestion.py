"""1000 generated backtests of 2520 days to the aligned matrix: ours against a pandas read-and-concat loop.

``python -m benchmarks.ingestion`` generates the files once in a temporary folder (seeded; PnL and equity agree), then
runs each contender in fresh processes and prints medians. Memory is the peak resident size less the size after the
imports, as a multiple of the matrix. Our run hashes every file, decides every unit by its figures and checks every
day; pandas only reads. The Parquet row adds one file per strategy written and the matrix read back from them.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import date
from pathlib import Path

FILES, ROWS, RUNS = 1000, 2520, 3
TODAY = date(2026, 1, 1)


def generate(folder: Path, files: int, rows: int) -> None:
    """Write self-consistent files in the requested format: percent returns, dollars and cents."""
    import exchange_calendars
    import numpy as np
    import polars as pl

    sessions = exchange_calendars.get_calendar("XNYS", start="2008-01-01", end="2025-12-31").sessions[:rows]
    dates = [str(day.date()) for day in sessions]
    rng = np.random.default_rng(20260101)
    for i in range(files):
        returns = rng.normal(0.0003, 0.01, rows)
        exact = 1e6 * np.concatenate([[1.0], np.cumprod(1.0 + returns)])
        equity = np.round(exact, 2)
        margin = np.round(rng.uniform(0.1, 0.5) * equity[:-1], 2)
        columns = {
            "Date": dates,
            "Daily_Return_Pct": np.round(100.0 * (equity[1:] / equity[:-1] - 1.0), 6),
            "Account_Equity": equity[1:],
            "Daily_PnL": np.round(np.diff(equity), 2),
            "Max_Margin_Used": margin,
            "Max_Notional_Value": np.round(2.0 * margin, 2),
        }
        pl.DataFrame(columns).write_csv(folder / f"S{i:04d}.csv")


def pandas_loop(folder: Path) -> tuple[int, int]:
    """The plain way: read each file, take its returns, concatenate side by side."""
    import pandas as pd

    series = []
    for path in sorted(folder.glob("*.csv")):
        frame = pd.read_csv(path, parse_dates=["Date"]).set_index("Date")
        series.append(frame["Daily_Return_Pct"].rename(path.stem) / 100.0)
    matrix = pd.concat(series, axis=1).sort_index().to_numpy()
    return matrix.shape


def ours(folder: Path) -> tuple[int, int]:
    """Scan, hash, read, decide units, check every day, align."""
    from fund_pipeline.backtests.store import align

    series, names, shared = [], [], {}
    for backtest in _admitted(folder):
        days = shared.setdefault(backtest.dates.tobytes(), backtest.dates)
        series.append((days, backtest.returns))
        names.append(backtest.strategy_id)
    return align(tuple(names), series).values.shape


def ours_through_parquet(folder: Path) -> tuple[int, int]:
    """The same, each series written to the warehouse and the matrix read back from it."""
    from fund_pipeline.backtests import BacktestStore

    with tempfile.TemporaryDirectory() as warehouse:
        store = BacktestStore(Path(warehouse))
        store.write_all(_admitted(folder))
        return store.returns_matrix(store.strategies()).values.shape


def _admitted(folder: Path):
    from fund_pipeline.backtests import Backtest, scan_folder, stream_batch

    files = scan_folder(folder)
    registered = frozenset(file.strategy_id for file in files)
    for outcome in stream_batch(files, registered=registered, known_hashes={}, default_calendar="XNYS", today=TODAY):
        assert isinstance(outcome, Backtest), outcome
        yield outcome


CONTENDERS = {"pandas loop": pandas_loop, "ours": ours, "ours, through Parquet": ours_through_parquet}


def _resident() -> int:
    with Path("/proc/self/statm").open() as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def measure(name: str, folder: Path) -> dict[str, float]:
    """Run one contender in this process; seconds, and peak bytes above the size after imports."""
    import numpy  # noqa: F401
    import pandas  # noqa: F401

    if name != "pandas loop":
        import polars  # noqa: F401

        from fund_pipeline.backtests.sessions import trading_sessions

        trading_sessions("XNYS", TODAY.year)
    before = peak = _resident()
    stop = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not stop.wait(0.002):
            peak = max(peak, _resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    started = time.perf_counter()
    try:
        days, strategies = CONTENDERS[name](folder)
        seconds = time.perf_counter() - started
    finally:
        stop.set()
        watcher.join()
    return {"seconds": seconds, "bytes": peak - before, "days": days, "strategies": strategies}


def main() -> None:
    """Generate, run every contender several times in turn, print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--only", nargs=2, metavar=("CONTENDER", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        print(json.dumps(measure(options.only[0], Path(options.only[1]))))
        return
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        generate(folder, options.files, options.rows)
        results = {name: [] for name in CONTENDERS}
        for _ in range(options.runs):
            for name, found in results.items():
                command = [sys.executable, "-m", "benchmarks.ingestion", "--only", name, home]
                found.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    matrix = options.files * options.rows * 8
    plain = statistics.median(run["seconds"] for run in results["pandas loop"])
    print(f"{options.files} files x {options.rows} rows, matrix {matrix / 1e6:.1f} MB, {options.runs} runs each")
    print(f"{'':24}{'seconds':>9}{'times faster':>14}{'memory / matrix':>17}")
    for name, runs in results.items():
        assert all((run["days"], run["strategies"]) == (options.rows, options.files) for run in runs)
        seconds = statistics.median(run["seconds"] for run in runs)
        memory = statistics.median(run["bytes"] for run in runs) / matrix
        print(f"{name:24}{seconds:9.2f}{plain / seconds:14.1f}{memory:17.1f}")


if __name__ == "__main__":
    main()
