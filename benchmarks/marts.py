"""Marts over 100,000 signals and 200,000 executions, and reading what they publish: ``python -m benchmarks.marts``.

A ledger is filled with that many rows of ten strategies in fifty accounts. Then all of it is exported, built, checked
and published; and again with nothing new. Reading is what an admin's dashboard reads, one
fund's rows of six marts, over and over. `--quick` is a tenth of all.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from fund_pipeline.dashboards import admin_dashboard
from fund_pipeline.dashboards.building import begin_build
from fund_pipeline.dashboards.publishing import publish_build
from fund_pipeline.ledger import Ledger, open_ledger, tables
from fund_pipeline.ledger.accounts import insert_account
from fund_pipeline.ledger.funds import put_fund
from fund_pipeline.ledger.migrate import upgrade
from fund_pipeline.ledger.senders import insert_sender
from fund_pipeline.ledger.signal_model import Passphrase, SenderRow, SenderStatus
from fund_pipeline.ledger.strategies import put_strategy
from fund_pipeline.warehouse.marts import Site, prepared_manifest, run_dbt
from fund_pipeline_tests.keys import AUDIT_KEY, SECRETS_KEY
from fund_pipeline_tests.samples import ACT, FUND, account, strategy

SIGNALS, FILLS_EACH = 100_000, 2
LIMIT_SECONDS, LIMIT_MS = 30.0, 20.0
ACCOUNTS, STRATEGIES = 50, 10
END = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
READS = 300
CHUNK = 10_000
Rows = dict[str, list[dict[str, Any]]]


def filled(ledger: Ledger, signals: int) -> None:
    """Fill an empty ledger with so many signals, each decided, ordered and filled twice."""
    put_fund(ledger, FUND, ACT)
    insert_sender(
        ledger,
        SenderRow("tess", "tess", SenderStatus.ACTIVE, "staging", (), None, {}, ACT.at),
        Passphrase("d" * 64, "tess", "no hash"),
        ACT,
    )
    accounts = [f"paper-{number}" for number in range(ACCOUNTS)]
    for name in accounts:
        insert_account(ledger, account(name), ACT)
    for number in range(STRATEGIES):
        put_strategy(ledger, strategy(f"S{number}", accounts=tuple(accounts)), ACT)
    held: dict[tuple[str, str, str], Decimal] = {}
    for start in range(0, signals, CHUNK):
        rows: Rows = {name: [] for name in ("raw_signals", "signals", "decisions", "orders", "executions")}
        for number in range(start, min(start + CHUNK, signals)):
            _signal(rows, number, signals, held)
        _insert(ledger, rows)
    positions = [_position(key, quantity) for key, quantity in held.items()]
    _insert(ledger, {"positions": positions, "account_snapshots": list(_snapshots(accounts))})


def _signal(rows: Rows, number: int, signals: int, held: dict[tuple[str, str, str], Decimal]) -> None:
    at = END - timedelta(seconds=60 * (signals - number))
    signal_id, strategy_id, name = f"sig-{number:08d}", f"S{number % STRATEGIES}", f"paper-{number % ACCOUNTS}"
    key, side = f"STOCK:X{number % 200}", "BUY" if number % 3 else "SELL"
    common = {"signal_id": signal_id, "strategy": strategy_id}
    rows["raw_signals"].append(
        common
        | {"sender_id": "tess", "sender_signal_id": signal_id, "digest": f"{number:064d}", "hook_digest": ""}
        | {"payload": "{}", "headers": {}, "way_in": "webhook", "received_at": at, "request_id": "r", "repeats": False}
    )
    legs = [{"symbol": key[6:], "key": key, "side": side, "quantity": "10", "order_type": "MARKET"}]
    rows["signals"].append(
        common
        | {"sender_id": "tess", "sender_signal_id": signal_id, "state": "DECIDED", "received_at": at}
        | {"updated_at": at, "standardised": {"legs": legs}, "type": "ENTRY", "attempts": 1, "revision": 3}
    )
    rows["decisions"].append(
        common
        | {"decision_id": f"dec-{number:08d}", "fund_id": "demo", "kind": "ENTRY", "outcome": "APPROVED"}
        | {"reason": "SIZED", "figures": {}, "batch": "b", "decided_at": at, "part": 0, "actions": []}
        | {"follow_up": False}
    )
    price, quantity = Decimal(100) + Decimal(number % 1000) / 100, Decimal(10)
    rows["orders"].append(
        common
        | {"client_order_id": f"ord-{number:08d}", "decision_id": f"dec-{number:08d}", "leg": 0, "account_id": name}
        | {"fund_id": "demo", "role": "ENTRY", "attempt": 1, "state": "FILLED", "instrument_key": key}
        | {"asset_class": "STOCK", "side": side, "planned_quantity": quantity, "quantity": quantity}
        | {"order_type": "MARKET", "multiplier": Decimal(1), "currency": "USD", "reserved_margin": Decimal(0)}
        | {"filled_quantity": quantity, "average_price": price, "waits_for": [], "message": "", "created_at": at}
        | {"closed_at": at, "updated_at": at, "revision": 4}
    )
    for part in range(FILLS_EACH):
        rows["executions"].append(_fill(number, part, name, strategy_id, key, side, price, at))
    signed = quantity if side == "BUY" else -quantity
    held[strategy_id, name, key] = held.get((strategy_id, name, key), Decimal(0)) + signed


def _fill(
    number: int, part: int, name: str, strategy_id: str, key: str, side: str, price: Decimal, at: datetime
) -> dict[str, Any]:
    return {
        "broker": "paper",
        "broker_account": name,
        "broker_execution_id": f"ex-{number:08d}-{part}",
        "client_order_id": f"ord-{number:08d}",
        "account_id": name,
        "strategy": strategy_id,
        "instrument_key": key,
        "side": side,
        "quantity": Decimal(5),
        "price": price,
        "commission": Decimal("0.5"),
        "commission_currency": "USD",
        "multiplier": Decimal(1),
        "currency": "USD",
        "executed_at": at,
        "received_at": at,
        "number": number * FILLS_EACH + part,
    }


def _position(key: tuple[str, str, str], quantity: Decimal) -> dict[str, Any]:
    strategy_id, name, instrument = key
    return {
        "strategy": strategy_id,
        "account_id": name,
        "instrument_key": instrument,
        "quantity": quantity,
        "is_flat": quantity == 0,
        "cost": quantity * 100,
        "average_price": Decimal(100),
        "realised_pnl": Decimal("12.5"),
        "commission": Decimal(1),
        "multiplier": Decimal(1),
        "currency": "USD",
        "updated_at": END,
    }


def _snapshots(accounts: list[str], days: int = 750) -> Iterator[dict[str, Any]]:
    for place, name in enumerate(accounts):
        for day in range(days):
            at = END - timedelta(days=days - 1 - day, minutes=1)
            equity = Decimal(20_000) + Decimal((day * 37 + place * 11) % 997)
            yield {
                "snapshot_id": f"{name}-{day}",
                "account_id": name,
                "as_of": at,
                "received_at": at,
                "equity": equity,
                "cash": equity,
                "margin_used": Decimal(100),
                "currency": "USD",
                "positions": {},
            }


def _insert(ledger: Ledger, rows: Mapping[str, list[dict[str, Any]]]) -> None:
    with ledger.writing() as connection:
        for name, found in rows.items():
            connection.execute(insert(tables.metadata.tables[name]), found)


@contextmanager
def told(what: str, parts: dict[str, float]) -> Iterator[None]:
    """Print how long a block took, and keep it."""
    began = time.perf_counter()
    yield
    parts[what] = time.perf_counter() - began
    print(f"  {what:10} {parts[what]:6.2f} s", flush=True)


def built(ledger: Ledger, site: Site, now: datetime) -> float:
    """One build, part by part; its seconds in all."""
    parts: dict[str, float] = {}
    with told("export", parts):
        export = begin_build(ledger, site, now, "America/New_York")
    with told("dbt", parts):
        run_dbt(site.begun(), "build")
    with told("publish", parts):
        publish_build(ledger, site, now)
    print(f"  read of the ledger: {sum(export.rows_read.values()):,} rows", flush=True)
    return sum(parts.values())


def main() -> None:
    """Fill, build, build again, read."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.marts", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows and of the reads")
    share = 10 if parser.parse_args().quick else 1
    os.environ |= {"FUND_AUDIT_KEY": AUDIT_KEY, "FUND_SECRETS_KEY": SECRETS_KEY}
    signals = SIGNALS // share
    with tempfile.TemporaryDirectory(prefix="fund-marts-") as scratch:
        url = f"sqlite:///{Path(scratch) / 'ledger.sqlite'}"
        upgrade(url)
        ledger, site = open_ledger(url), Site(Path(scratch) / "marts")
        filled(ledger, signals)
        prepared_manifest()
        print(f"{signals:,} signals, {signals * FILLS_EACH:,} executions, SQLite, full build:", flush=True)
        whole = built(ledger, site, END)
        print(f"full build: {whole:.1f} s (limit {LIMIT_SECONDS:.0f})", flush=True)
        again = built(ledger, site, END + timedelta(minutes=5))
        print(f"with nothing new: {again:.1f} s", flush=True)
        times = []
        for _ in range(READS // share):
            began = time.perf_counter()
            admin_dashboard(ledger, "demo")
            times.append((time.perf_counter() - began) * 1000)
        p95 = sorted(times)[int(0.95 * len(times))]
        print(
            f"reading a dashboard: median {statistics.median(times):.1f} ms, p95 {p95:.1f} ms (limit {LIMIT_MS:.0f})",
            flush=True,
        )
        ledger.close()


if __name__ == "__main__":
    main()
