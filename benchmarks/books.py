"""The books over ten years: NAVs and performance of a hundred clients, and a backfill of 2500 days as one run.

``python -m benchmarks.books`` folds 2520 daily NAVs of 100 clients who come, leave and pay fees, and reckons TWR and
MWR, gross and net, of each of them and of the fund; then it fills a ledger in a temporary folder and has Dagster
materialise 2500 partitions of the asset `nav` in one run. Wall and processor seconds: they differ on a busy machine.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fund_pipeline.accounts.nav.register import Struck

ROOT = Path(__file__).parent.parent
CLIENTS, SESSIONS, PARTITIONS = 100, 2520, 2500
START = date(2016, 1, 1)
AIM_SECONDS = 5.0
SEED = 7


def lived() -> tuple[Struck, ...]:
    """Ten years of NAVs of a hundred clients, struck one after the other: values in memory only."""
    from fund_pipeline.accounts.nav.folding import fold
    from fund_pipeline.accounts.nav.register import Close, FeeTerms, Register, Wish
    from fund_pipeline.ledger.client_model import Crystallisation, RequestKind

    chance = random.Random(SEED)
    names = [f"client-{number:03}" for number in range(CLIENTS)]
    terms = {name: FeeTerms(200_000, Crystallisation.YEAR_END) for name in names}
    equity = deposited = CLIENTS * 1_000_000_00
    wishes = [Wish(f"{name}-0", name, RequestKind.SUBSCRIPTION, START, 1_000_000_00) for name in names]
    closes = {}
    for number in range(SESSIONS):
        day = START + timedelta(days=number)
        equity += equity * chance.randint(-100, 104) // 10_000
        if number % 21 == 20:
            name = chance.choice(names)
            amount = chance.randint(1_00, 50_000_00)
            wishes.append(Wish(f"{name}-{number}", name, RequestKind.SUBSCRIPTION, day, amount))
            equity, deposited = equity + amount, deposited + amount
        if number % 21 == 10:
            name = chance.choice(names)
            wishes.append(Wish(f"{name}-{number}", name, RequestKind.REDEMPTION, day, chance.randint(1_00, 50_000_00)))
        at = datetime(day.year, day.month, day.day, 22, tzinfo=UTC)
        closes[day] = Close(day, at, at, True, equity, deposited, 0, 0)
    return fold(Register(), closes, lambda day: closes[day], wishes, lambda _: terms).struck


def performance(struck: tuple[Struck, ...]) -> int:
    """TWR and MWR of every client and of the fund, gross and net, one after the other; how many were reckoned.

    Amounts are whole cents, as the fold has them.
    """
    from fund_pipeline.accounts.performance import Basis, DayValue, ValueSeries, returns_of
    from fund_pipeline.collector import collector_paused

    nothing = Decimal(0)

    def amount(cents: int) -> Decimal:
        return Decimal(cents) if cents else nothing

    days: dict[tuple[str, Basis], list[DayValue]] = {}
    with collector_paused():
        for one in struck:
            day, nav = one.close.day, one.nav
            rows = [(it.client_id, it.inflow, it.gross, it.fee, it.charge, it.value, it.outflow) for it in one.clients]
            rows.append(("the fund", nav.inflow, nav.gross, nav.fee, 0, nav.nav, nav.outflow))
            for name, inflow, gross, fee, charge, value, outflow in rows:
                came, went = amount(inflow), amount(outflow)
                net = DayValue(day, Decimal(value - outflow), came, went, amount(charge))
                days.setdefault((name, Basis.NET), []).append(net)
                before_fees = DayValue(day, Decimal(gross - fee - outflow), came, went, amount(fee))
                days.setdefault((name, Basis.GROSS), []).append(before_fees)
        each = [returns_of(ValueSeries(nothing, tuple(values)), basis) for (_, basis), values in days.items()]
    return len(each)


def fill(url: str) -> None:
    """A ledger with a snapshot for each of the days, and ten clients."""
    from fund_pipeline.accounts.clients.entry import parse_client, parse_request
    from fund_pipeline.accounts.clients.requests import ask
    from fund_pipeline.accounts.flow_entry import AskedKind, NewFlow
    from fund_pipeline.accounts.flows import record
    from fund_pipeline.accounts.nav.closes import FundDay
    from fund_pipeline.ledger import open_ledger
    from fund_pipeline.ledger.account_model import Account, AccountSnapshot
    from fund_pipeline.ledger.accounts import insert_account
    from fund_pipeline.ledger.audit import Act
    from fund_pipeline.ledger.clients import insert_client
    from fund_pipeline.ledger.funds import put_fund
    from fund_pipeline.ledger.model import Fund, TradingMode
    from fund_pipeline.ledger.snapshots import record_snapshot
    from fund_pipeline.settings import load_settings
    from fund_pipeline.terms import AssetClass

    ledger = open_ledger(url)
    fund_day = FundDay.of(load_settings())
    began = fund_day.close_of(START) - timedelta(hours=2)
    act = Act("benchmark", began)
    put_fund(ledger, Fund("demo", "Demo", "USD", Decimal(1_000_000)), act)
    account = Account("paper", "demo", "Paper", "paper", "P1", (AssetClass.STOCK,), TradingMode.PAPER, "USD")
    insert_account(ledger, account, act)
    record(ledger, NewFlow("paper", AskedKind.OPENING, Decimal(1_000_000), "USD", began, "opening"), fund_day.zone, act)
    for number in range(10):
        given = {"client_id": f"c{number}", "fund_id": "demo", "mode": "PAPER", "name": "C", "valid_from": START}
        insert_client(ledger, *parse_client(given, act), act)
        asked = {"client_id": f"c{number}", "kind": "SUBSCRIPTION", "day": START, "reference": "r"}
        ask(ledger, parse_request(asked | {"amount": Decimal(100_000)}, act), act)
    chance, equity = random.Random(SEED), Decimal(1_000_000)
    for number in range(PARTITIONS):
        at = fund_day.close_of(START + timedelta(days=number)) - timedelta(hours=1)
        equity += Decimal(chance.randint(-10_000, 10_400))
        record_snapshot(ledger, AccountSnapshot("paper", at, at, equity, equity, Decimal(0), "USD"))
    ledger.close()


def backfill() -> dict[str, float]:
    """Materialise 2500 partitions in one run, in this process, and again when nothing has changed."""
    from dagster import DagsterInstance, materialize

    from fund_pipeline.defs.trading.nav_assets import nav
    from fund_pipeline.ledger import open_ledger
    from fund_pipeline.ledger.model import TradingMode
    from fund_pipeline.ledger.navs import list_navs
    from fund_pipeline.settings import load_settings

    settings = load_settings()
    fill(settings.ledger_url)
    last = START + timedelta(days=PARTITIONS - 1)
    ends = {"dagster/asset_partition_range_start": START, "dagster/asset_partition_range_end": last}
    tags = {name: day.isoformat() for name, day in ends.items()}
    seconds = []
    with tempfile.TemporaryDirectory() as folder, DagsterInstance.local_temp(folder) as instance:
        for _ in range(2):
            began = time.perf_counter()
            result = materialize([nav], instance=instance, tags=tags)
            seconds.append(time.perf_counter() - began)
            if not result.success:
                raise SystemExit("the run failed")
        done = len(instance.get_materialized_partitions(nav.key))
    ledger = open_ledger(settings.ledger_url)
    navs = len(list_navs(ledger, "demo", TradingMode.PAPER))
    ledger.close()
    return {"seconds": seconds[0], "again": seconds[1], "partitions": done, "navs": navs}


def in_a_home() -> dict[str, float]:
    """The backfill in a process with a home of its own."""
    with tempfile.TemporaryDirectory() as home:
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("FUND_", "DAGSTER_"))}
        environment = clean | {"FUND_HOME": home}
        upgrade = [sys.executable, "-c", "from fund_pipeline.cli.main import main; main()", "ledger", "upgrade"]
        subprocess.run(upgrade, cwd=ROOT, env=environment, check=True, capture_output=True)
        command = [sys.executable, "-m", "benchmarks.books", "--backfill"]
        done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
        found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        return found


def main() -> None:
    """Measure both and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backfill", action="store_true", help="only the backfill, in this home; prints JSON")
    if parser.parse_args().backfill:
        print(json.dumps(backfill()))
        return
    marks = [(time.perf_counter(), time.process_time())]
    struck = lived()
    marks.append((time.perf_counter(), time.process_time()))
    count = performance(struck)
    marks.append((time.perf_counter(), time.process_time()))
    (wall_nav, cpu_nav), (wall_returns, cpu_returns), (wall, cpu) = (
        (marks[end][0] - marks[begin][0], marks[end][1] - marks[begin][1]) for begin, end in ((0, 1), (1, 2), (0, 2))
    )
    print(f"{len(struck)} NAVs of {CLIENTS} clients             {wall_nav:6.2f} s, processor {cpu_nav:6.2f} s")
    print(f"{count} times TWR and MWR over ten years {wall_returns:6.2f} s, processor {cpu_returns:6.2f} s")
    print(f"both (aim: {AIM_SECONDS:.0f} s)                      {wall:6.2f} s, processor {cpu:6.2f} s")
    run = in_a_home()
    print(f"{run['partitions']:.0f} partitions, {run['navs']:.0f} NAVs, one run       {run['seconds']:6.2f} s")
    print(f"the same run again, nothing changed     {run['again']:6.2f} s")


if __name__ == "__main__":
    main()
