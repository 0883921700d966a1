"""Seconds from a committed signal to an order that the paper broker has: ``python -m benchmarks.signal_path``.

Through the running daemon of `fund up`, on SQLite: signals one at a time, then 500 at once. With `--stock`, the same
through the set-up that Dagster starts with: a run per signal, a process per step, and the queue of runs. That takes so
long per signal that it is given twenty at once, and its time for 500 is reckoned from the time per signal.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from unittest.mock import patch

from sqlalchemy import func, select

from fund_pipeline.clock import utc_now
from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.ledger.migrate import upgrade
from fund_pipeline.ledger.tables import orders
from fund_pipeline.signals.inbox import Arrival, WayIn, accept
from fund_pipeline.signals.senders import get_sender
from fund_pipeline_tests.decisions.floor import HERE, SENDER, found, leg
from fund_pipeline_tests.decisions.floor import signal as written
from fund_pipeline_tests.homes import ROOT, Home
from fund_pipeline_tests.keys import AUDIT_KEY, SECRETS_KEY

ONE_BY_ONE, PAUSE, AT_ONCE = 12, 10.0, 500
LIMIT_ONE, LIMIT_MANY = 9.0, 12.0
STOCK_ONE_BY_ONE, STOCK_AT_ONCE = 4, 20
EQUITY = 390_000
"""Of the sender: a little less than we allocate, so that a share stays one while our equity moves."""
LONGEST = 900.0
Starter = Callable[[Home], AbstractContextManager[None]]


def quantile(values: Sequence[float], share: float) -> float:
    """The value that a share of them does not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def send(ledger: Ledger, number: int) -> dict[str, datetime]:
    """Accept so many signals; when each was committed, by its id."""
    sender, committed = get_sender(ledger, SENDER), {}
    for _ in range(number):
        now = utc_now()
        payload = written("ENTRY", leg("BUY", 1), at=now, account_equity=EQUITY)
        stored = accept(ledger, sender, json.dumps(payload).encode(), Arrival(WayIn.WEBHOOK, now), HERE)
        committed[stored.signal_id] = utc_now()
    return committed


def last_acknowledged(ledger: Ledger, signal_ids: Collection[str]) -> datetime:
    """When the last of these signals had its order at the broker."""
    asked = select(func.max(orders.c.acknowledged_at)).where(orders.c.signal_id.in_(signal_ids))
    with ledger.reading() as connection:
        at: datetime = connection.execute(asked).scalar_one()
        return at


def seconds_until_acknowledged(ledger: Ledger, committed: dict[str, datetime]) -> list[float]:
    """For each signal, from its commit until its order was at the broker."""
    asked = select(orders.c.signal_id, orders.c.acknowledged_at).where(orders.c.acknowledged_at.is_not(None))
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        with ledger.reading() as connection:
            told = {row[0]: row[1] for row in connection.execute(asked)}
        if committed.keys() <= told.keys():
            return [(told[name] - at).total_seconds() for name, at in committed.items()]
        time.sleep(0.2)
    raise SystemExit(f"{len(committed.keys() - told.keys())} signals have no order after {LONGEST:.0f} s")


@contextmanager
def ours(home: Home) -> Iterator[None]:
    """The product as it is started."""
    with home.up():
        yield


@contextmanager
def stock(home: Home) -> Iterator[None]:
    """Dagster as it is installed: its daemon over one code location, with the settings it has by itself."""
    folder = home.path / "stock"
    folder.mkdir()
    (folder / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    command = [sys.executable, "-m", "dagster._daemon", "run", "--python-file"]
    with (folder / "daemon.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, str(ROOT / "benchmarks" / "stock" / "definitions.py")],
            env=home.environment(DAGSTER_HOME=str(folder)),
            cwd=ROOT,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@dataclass(frozen=True)
class Measured:
    """Seconds: the median and the 95 % of signals one at a time, and until the last of so many at once."""

    p50: float
    p95: float
    last: float
    at_once: int


def measure(name: str, start: Starter, singles: int, at_once: int) -> Measured:
    """Print one set-up's figures."""
    with tempfile.TemporaryDirectory(prefix="fund-path-") as scratch:
        home = Home(Path(scratch) / "home", {"FUND_AUDIT_KEY": AUDIT_KEY, "FUND_SECRETS_KEY": SECRETS_KEY})
        home.path.mkdir()
        url = f"sqlite:///{home.path / 'ledger.sqlite'}"
        with patch.dict(os.environ, {"FUND_AUDIT_KEY": AUDIT_KEY}):
            upgrade(url)
            ledger = open_ledger(url)
            found(ledger)
            with start(home):
                seconds_until_acknowledged(ledger, send(ledger, 1))  # the first waits for everything to have begun
                one: list[float] = []
                for _ in range(singles):
                    one += seconds_until_acknowledged(ledger, send(ledger, 1))
                    time.sleep(max(0.0, PAUSE - one[-1]))
                p50, p95 = quantile(one, 0.5), quantile(one, 0.95)
                print(
                    f"{name}: one per {PAUSE:.0f} s: p50 {p50:.1f} s, p95 {p95:.1f} s ({singles} signals)", flush=True
                )
                committed = send(ledger, at_once)
                seconds_until_acknowledged(ledger, committed)
                last = (last_acknowledged(ledger, committed) - min(committed.values())).total_seconds()
                print(f"{name}: {at_once} at once: all within {last:.1f} s of the first's commit", flush=True)
            ledger.close()
    return Measured(p50, p95, last, at_once)


def main() -> None:
    """Measure this product, and with `--stock` what it is compared with."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.signal_path", description=__doc__)
    parser.add_argument("--stock", action="store_true", help="also measure the stock set-up, which takes minutes")
    asked = parser.parse_args()
    print(f"limits: p95 {LIMIT_ONE:.0f} s one at a time, {LIMIT_MANY:.0f} s for {AT_ONCE} at once", flush=True)
    mine = measure("fund up", ours, ONE_BY_ONE, AT_ONCE)
    if asked.stock:
        theirs = measure("stock", stock, STOCK_ONE_BY_ONE, STOCK_AT_ONCE)
        scaled = theirs.last / theirs.at_once * mine.at_once
        print(f"stock: {mine.at_once} at once, reckoned from {theirs.at_once}: {scaled:.0f} s")
        print(
            f"against stock: {theirs.p50 / mine.p50:.1f}x one at a time (limit 2.5), "
            f"{scaled / mine.last:.0f}x for {mine.at_once} at once, reckoned so (limit 50)"
        )


if __name__ == "__main__":
    main()
