"""What the ledger's registries hold, as the head of the lineage: funds with their limits, and strategies."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict

from dagster import DataVersion, MaterializeResult, asset

from fund_pipeline.defs.trading.ledger import opened_ledger
from fund_pipeline.ledger.funds import list_funds
from fund_pipeline.ledger.model import Fund, Strategy, StrategyStatus
from fund_pipeline.ledger.strategies import list_strategies

GROUP = "registry"
OWNERS = ["team:admins"]


@asset(group_name=GROUP, owners=OWNERS, kinds={"sqlalchemy"})
def fund_registry() -> MaterializeResult[None]:
    """Funds, their capital and risk limits, as the ledger has them. A new data version means that something changed."""
    with opened_ledger() as ledger:
        funds = list_funds(ledger)
    return MaterializeResult(data_version=_version(funds), metadata={"funds": [fund.fund_id for fund in funds]})


@asset(group_name=GROUP, owners=OWNERS, kinds={"sqlalchemy"})
def strategy_registry() -> MaterializeResult[None]:
    """Strategies with status, mode and sizing, as the ledger has them. A new data version means that one changed."""
    with opened_ledger() as ledger:
        strategies = list_strategies(ledger)
    active = [s.strategy_id for s in strategies if s.status is StrategyStatus.ACTIVE]
    return MaterializeResult(
        data_version=_version(strategies), metadata={"strategies": len(strategies), "active": active}
    )


def _version(rows: tuple[Fund, ...] | tuple[Strategy, ...]) -> DataVersion:
    canonical = json.dumps([asdict(row) for row in rows], sort_keys=True, default=str)
    return DataVersion(hashlib.sha256(canonical.encode()).hexdigest()[:16])
