"""A row in every table of decisions, orders and positions."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import insert, select

from fund_pipeline.cerebro.sizing import Decision, DecisionReason, PlannedOrder
from fund_pipeline.execution import record
from fund_pipeline.execution.booking import settle
from fund_pipeline.execution.troubles import execution_changed
from fund_pipeline.ledger import Ledger, tables
from fund_pipeline.ledger.executions import book_executions
from fund_pipeline.ledger.order_model import Execution
from fund_pipeline.terms import AssetClass, DecisionOutcome, OrderRole, OrderType, Side, SignalType


def fill_execution(ledger: Ledger, account_id: str, at: datetime) -> None:
    """Decide on a signal of the ledger for fund `demo` and strategy A: one order, filled."""
    with ledger.reading() as connection:
        signal_id = connection.execute(select(tables.raw_signals.c.signal_id).limit(1)).scalar_one()
    traded = {"instrument_key": "STOCK:KO", "side": Side.BUY, "quantity": Decimal(10)}
    terms = {"multiplier": Decimal(1), "currency": "USD"}
    planned = PlannedOrder(
        leg=0,
        account_id=account_id,
        role=OrderRole.ENTRY,
        asset_class=AssetClass.STOCK,
        order_type=OrderType.MARKET,
        limit_price=None,
        stop_price=None,
        reference_price=Decimal(50),
        reserved_margin=Decimal(250),
        **traded,  # type: ignore[arg-type]
        **terms,  # type: ignore[arg-type]
    )
    decision = Decision(
        signal_id=signal_id,
        fund_id="demo",
        strategy="A",
        kind=SignalType.ENTRY,
        outcome=DecisionOutcome.APPROVED,
        reason=DecisionReason.SIZED,
        figures={"C": "1000"},
        orders=(planned,),
    )
    [order] = record(ledger, decision, "batch", at).orders
    fill = Execution(
        broker="paper",
        broker_account=account_id,
        broker_execution_id="1",
        client_order_id=order.client_order_id,
        account_id=account_id,
        strategy="A",
        price=Decimal(50),
        commission=Decimal(1),
        commission_currency="USD",
        executed_at=at,
        received_at=at,
        **traded,  # type: ignore[arg-type]
        **terms,  # type: ignore[arg-type]
    )
    book_executions(ledger, account_id, [fill], settle, execution_changed, at)
    entry = {"signal_id": signal_id, "leg": 0, "strategy": "A", **traded, "remaining": Decimal(10), "at": at}
    with ledger.writing() as connection:
        connection.execute(insert(tables.sender_entries).values(entry))
