"""Small true-to-life values that several tests start from."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.allocations import record_recommendation
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.backtests import accept_dates, put_summaries
from fund_pipeline.ledger.funds import put_fund
from fund_pipeline.ledger.model import (
    Allocation,
    AllocationStatus,
    BacktestSummary,
    DatesAcceptance,
    Fund,
    OptimisationRun,
    Strategy,
    StrategyStatus,
)
from fund_pipeline.ledger.strategies import put_strategy

NOW = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
ACT = Act("test", NOW, "corr-1")
FUND = Fund("demo", "Demo Fund", "USD", Decimal("1000000"))


def strategy(strategy_id: str, **fields: object) -> Strategy:
    """An ACTIVE strategy in the registry."""
    return Strategy(strategy_id, strategy_id, **{"status": StrategyStatus.ACTIVE} | fields)  # type: ignore[arg-type]


def summary(strategy_id: str, **fields: object) -> BacktestSummary:
    """The summary of an admitted backtest of 1000 days."""
    values: dict[str, object] = {
        "strategy_id": strategy_id,
        "content_hash": f"hash-of-{strategy_id}",
        "source_file": f"{strategy_id}.csv",
        "unit": "PERCENT",
        "unit_evidence": "PnL and equity agree",
        "calendar": "XNYS",
        "first_date": date(2018, 1, 2),
        "last_date": date(2021, 12, 20),
        "days": 1000,
        "missing_sessions": 0,
        "stated": {},
        "warnings": (),
        "ingested_at": NOW,
    }
    return BacktestSummary(**values | fields)  # type: ignore[arg-type]


def run(digest: str = "digest-1", fund_id: str = "demo") -> OptimisationRun:
    """A finished optimisation run; `digest-2` was a minute later than the others."""
    return OptimisationRun(
        run_id=f"run-{digest}",
        fund_id=fund_id,
        inputs_digest=digest,
        allocator="cvar-lp 1.0",
        status="OPTIMAL",
        inputs={"strategies": ["A"]},
        result={"ok": True},
        correlation_id="corr-1",
        created_at=NOW + timedelta(minutes=digest == "digest-2"),
    )


def allocation(of: OptimisationRun, **weights: str) -> Allocation:
    """The pending allocation that a run recommends."""
    return Allocation(
        f"{of.fund_id}-{of.inputs_digest}",
        of.fund_id,
        of.run_id,
        AllocationStatus.PENDING_APPROVAL,
        {name: Decimal(weight) for name, weight in weights.items()},
        {"cvar": 0.01},
        f"digest-of-{of.inputs_digest}",
        NOW,
    )


def fill_ledger(ledger: Ledger) -> None:
    """Put at least one row into every table."""
    put_fund(ledger, FUND, ACT)
    for name in ("A", "B"):
        put_strategy(ledger, strategy(name, margin_per_unit=Decimal("1234.56")), ACT)
    put_summaries(ledger, [summary("A"), summary("B")], ACT)
    accept_dates(ledger, DatesAcceptance("A", "hash-of-A", "user:x", "checked by hand", NOW), ACT)
    record_recommendation(ledger, run(), allocation(run(), A="0.5", B="0.25"), ACT)
