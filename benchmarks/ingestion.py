"""1000 generated backtests of 2520 days to the aligned matrix: ours against a pandas read-and-concat loop.

``python -m benchmarks.ingestion`` generates the files once in a temporary folder (seeded; PnL and equity agree), then
runs each contender in fresh processes, in turn, and prints medians. Memory is the peak resident size less the size
after the imports, as a multiple of the matrix. "fund" is what ``fund backtests ingest`` does and then the matrix:
every file scanned and hashed, its unit decided by its figures, every day checked, Parquet written, summaries and
audit committed to a SQLite ledger, and the matrix read back from the Parquet. Pandas only reads. Strategies are
registered beforehand. Processor seconds stand beside the clock's, since a busy machine stretches only the latter.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

FILES, ROWS, RUNS = 1000, 2520, 5
TODAY = date(2026, 1, 1)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
PANDAS, PRODUCT, IN_MEMORY = "pandas loop", "fund: to the matrix by Parquet", "fund: in memory only"
FIGURES = ("seconds", "processor", "bytes")


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


def in_memory(folder: Path) -> tuple[int, int]:
    """Scan, hash, read, decide units, check every day, align; nothing is stored."""
    from fund_pipeline.backtests import Backtest, scan_folder, stream_batch
    from fund_pipeline.backtests.store import align

    files = scan_folder(folder)
    registered = frozenset(file.strategy_id for file in files)
    series, names, shared = [], [], {}
    for outcome in stream_batch(files, registered=registered, known_hashes={}, default_calendar="XNYS", today=TODAY):
        assert isinstance(outcome, Backtest), outcome
        days = shared.setdefault(outcome.dates.tobytes(), outcome.dates)
        series.append((days, outcome.returns))
        names.append(outcome.strategy_id)
    return align(tuple(names), series).values.shape


class Product:
    """A fresh ledger with the strategies registered, an empty warehouse and an empty quarantine."""

    def __init__(self, home: Path, folder: Path) -> None:
        from fund_pipeline.backtests import BacktestStore, Quarantine
        from fund_pipeline.backtests.admission import Desk, Rules
        from fund_pipeline.ledger import open_ledger
        from fund_pipeline.ledger.audit import Act
        from fund_pipeline.ledger.migrate import upgrade
        from fund_pipeline.ledger.model import Strategy
        from fund_pipeline.ledger.strategies import put_strategy

        url = f"sqlite:///{home / 'ledger.sqlite'}"
        upgrade(url)
        self.desk = Desk(open_ledger(url), BacktestStore(home), Quarantine(home / "quarantine"))
        self.rules = Rules(None, "XNYS", TODAY)
        self.act = Act("benchmark", NOW)
        for path in sorted(folder.glob("*.csv")):
            put_strategy(self.desk.ledger, Strategy(path.stem, path.stem), self.act)

    def run(self, folder: Path) -> tuple[int, int]:
        """Admit the folder, then read the matrix back."""
        from fund_pipeline.backtests.admission import admit_folder

        outcome = admit_folder(self.desk, folder, self.rules, self.act)
        assert not outcome.quarantined, outcome.quarantined[0]
        store = self.desk.store
        return store.returns_matrix(store.strategies()).values.shape


def _resident() -> int:
    with Path("/proc/self/statm").open() as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def measure(name: str, folder: Path) -> dict[str, float]:
    """Run one contender in this process: seconds by the clock and of the processor, peak bytes above the imports'."""
    import numpy  # noqa: F401
    import pandas  # noqa: F401

    with tempfile.TemporaryDirectory() as home:
        if name == PANDAS:
            return _watched(pandas_loop, folder)
        from fund_pipeline.backtests.sessions import trading_sessions

        trading_sessions("XNYS", TODAY.year)
        if name == IN_MEMORY:
            return _watched(in_memory, folder)
        return _watched(Product(Path(home), folder).run, folder)


def _watched(contender: Callable[[Path], tuple[int, int]], folder: Path) -> dict[str, float]:
    gc.collect()  # what the imports left behind is nobody's doing
    before = peak = _resident()
    stop = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not stop.wait(0.002):
            peak = max(peak, _resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    started, processor = time.perf_counter(), time.process_time()
    try:
        days, strategies = contender(folder)
        seconds, processor = time.perf_counter() - started, time.process_time() - processor
    finally:
        stop.set()
        watcher.join()
    return {
        "seconds": seconds,
        "processor": processor,
        "bytes": peak - before,
        "days": days,
        "strategies": strategies,
    }


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
        results = {name: [] for name in (PANDAS, PRODUCT, IN_MEMORY)}
        for _ in range(options.runs):
            for name, found in results.items():
                command = [sys.executable, "-m", "benchmarks.ingestion", "--only", name, home]
                found.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    matrix = options.files * options.rows * 8
    print(f"{options.files} files x {options.rows} rows, matrix {matrix / 1e6:.1f} MB, medians of {options.runs} runs")
    print(f"{'':30}{'seconds':>9}{'processor':>11}{'times faster':>14}{'memory / matrix':>17}")
    plain = statistics.median(run["seconds"] for run in results[PANDAS])
    for name, runs in results.items():
        assert all((run["days"], run["strategies"]) == (options.rows, options.files) for run in runs)
        seconds, processor, memory = (statistics.median(run[key] for run in runs) for key in FIGURES)
        print(f"{name:30}{seconds:9.2f}{processor:11.2f}{plain / seconds:14.1f}{memory / matrix:17.1f}")
    print(f"{'required (aim) of the product':50}{'2.0 (4.0)':>14}{'10.0 (5.0)':>17}")


if __name__ == "__main__":
    main()
