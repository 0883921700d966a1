"""What a night came to for each fund, as a snapshot that checks and the command read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from fund_pipeline.allocations.service import FundOutcome
from fund_pipeline.warehouse import Warehouse

SCHEMA = dict.fromkeys(("fund_id", "run_id", "status", "allocation_id", "problem"), pl.String)


def snapshot_of(fund_id: str) -> str:
    """Name of the fund's snapshot in the warehouse."""
    return f"recommendation.{fund_id}"


def outcome_table(outcome: FundOutcome) -> pl.DataFrame:
    """One row: fund_id, run_id, status, allocation_id (null where nothing is recommended) and problem in words."""
    one = outcome.recommendation
    row = {
        "fund_id": outcome.fund_id,
        "run_id": one.run.run_id if one else None,
        "status": one.run.status if one else "FAILED",
        "allocation_id": one.allocation.allocation_id if one and one.allocation else None,
        "problem": outcome.problem or (", ".join(one.run.result["conflicts"]) if one else ""),
    }
    return pl.DataFrame([row], schema=SCHEMA)


def read_outcomes(warehouse: Warehouse, fund_ids: Iterable[str]) -> pl.DataFrame:
    """The rows of these funds; one that took part in no night has none, which is told by a check."""
    names = [snapshot_of(fund_id) for fund_id in fund_ids]
    rows = [warehouse.read(name) for name in names if warehouse.path(name).exists()]
    return pl.concat(rows) if rows else pl.DataFrame(schema=SCHEMA)


def read_outcome(warehouse: Warehouse, fund_id: str) -> Mapping[str, Any]:
    """The row of one fund. ConflictError when it has none yet."""
    return warehouse.read(snapshot_of(fund_id)).row(0, named=True)


def find_outcome(warehouse: Warehouse, fund_id: str) -> Mapping[str, Any] | None:
    """The row of one fund, or None when it has none yet."""
    return read_outcome(warehouse, fund_id) if warehouse.path(snapshot_of(fund_id)).exists() else None
