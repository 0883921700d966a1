"""Positions and cash follow from executions and flows alone."""

from __future__ import annotations

import random
import shutil
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from fund_pipeline.accounts.flow_entry import AskedKind, NewFlow
from fund_pipeline.accounts.flows import list_flows, record
from fund_pipeline.accounts.rebuilding import rebuild_cash
from fund_pipeline.execution.brokers.paper import PaperTerms
from fund_pipeline.execution.positions import rebuild
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.executions import list_executions
from fund_pipeline.ledger.positions import list_positions
from fund_pipeline.terms import AssetClass, OrderRole, Side
from fund_pipeline_tests.execution.world import KO, World, found_fund, planned
from fund_pipeline_tests.floors import founded_on_sqlite

FUTURE = {"instrument_key": "FUTURE:ES", "asset_class": AssetClass.FUTURE, "multiplier": Decimal(50)}


def test_positions_and_cash_rebuilt_from_executions_and_flows_are_the_tables_and_the_brokers(tmp_path: Path) -> None:
    """Forty seeded orders, long and short, over zero, in a stock and a future, with commissions and a spread."""
    founded_on_sqlite(tmp_path / "template.sqlite", found_fund)
    url = f"sqlite:///{shutil.copy(tmp_path / 'template.sqlite', tmp_path / 'ledger.sqlite')}"
    world = World(url, tmp_path, PaperTerms(cash=Decimal(250_000), spread_bps=Decimal(3)))
    opening = NewFlow("a1", AskedKind.OPENING, Decimal(250_000), "USD", world.now(), "opening")
    record(world.ledger, opening, ZoneInfo("UTC"), Act("test", world.now()))
    chance = random.Random(11)
    for _ in range(40):
        terms = FUTURE if chance.random() < 0.5 else {}
        world.quote(str(chance.randint(4000, 6000) / Decimal(100)), str(terms.get("instrument_key", KO)))
        side = chance.choice(list(Side))
        world.run(planned(OrderRole.ENTRY, chance.randint(1, 9), side=side, **terms))
        world.wait(60)
    executions = list_executions(world.ledger)
    assert len(executions) == 40
    world.check()  # positions against their table
    held = {one.instrument_key: one.quantity for one in rebuild(executions).values()}
    assert held == {one.instrument_key: one.quantity for one in list_positions(world.ledger, only_open=False)}
    rebuilt = rebuild_cash(list_flows(world.ledger), executions)
    told = world.broker.account_state().cash_by_currency
    world.close()
    assert told is not None
    assert {currency: round(amount, 6) for (_, currency), amount in rebuilt.items()} == {
        currency: round(amount, 6) for currency, amount in told.items()
    }
