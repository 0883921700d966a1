"""What the ledger's registries hold, as the head of the lineage: funds with their limits, and strategies."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict

from dagster import DataVersion, ObserveResult, observable_source_asset

from fund_pipeline.ledger import open_ledger
from fund_pipeline.ledger.funds import list_funds
from fund_pipeline.ledger.model import Fund, Strategy
from fund_pipeline.ledger.strategies import list_strategies
from fund_pipeline.settings import load_settings


@observable_source_asset(group_name="registry")
def fund_registry() -> ObserveResult:
    """Funds, their capital and risk limits, as the ledger has them. A new version means that something changed."""
    ledger = open_ledger(load_settings().ledger_url)
    try:
        funds = list_funds(ledger)
    finally:
        ledger.close()
    return ObserveResult(data_version=_version(funds), metadata={"funds": [fund.fund_id for fund in funds]})


@observable_source_asset(group_name="registry")
def strategy_registry() -> ObserveResult:
    """Strategies with their status, mode and sizing, as the ledger has them. A new version means that one changed."""
    ledger = open_ledger(load_settings().ledger_url)
    try:
        strategies = list_strategies(ledger)
    finally:
        ledger.close()
    active = [s.strategy_id for s in strategies if s.status.value == "ACTIVE"]
    return ObserveResult(data_version=_version(strategies), metadata={"strategies": len(strategies), "active": active})


def _version(rows: tuple[Fund, ...] | tuple[Strategy, ...]) -> DataVersion:
    canonical = json.dumps([asdict(row) for row in rows], sort_keys=True, default=str)
    return DataVersion(hashlib.sha256(canonical.encode()).hexdigest()[:16])
