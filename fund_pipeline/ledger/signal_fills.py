"""Fills with the orders and signals behind them: whose they are, and which entries they close."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from fund_pipeline.ledger import tables
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.order_model import Execution
from fund_pipeline.ledger.payout_model import SignalFill
from fund_pipeline.terms import AssetClass, OrderRole, Side

CHUNK = 500
_OF_ORDER = ("signal_id", "leg", "role", "asset_class", "closes_entry")


def list_signal_fills(ledger: Ledger, fund_id: str, mode: TradingMode | None = None) -> tuple[SignalFill, ...]:
    """All fills of a fund, of one mode where that is given, in the order in which they were booked, by account."""
    with ledger_away(), ledger.reading() as connection:
        return read_signal_fills(connection, fund_id, mode)


def read_signal_fills(connection: Connection, fund_id: str, mode: TradingMode | None = None) -> tuple[SignalFill, ...]:
    """The same within a transaction of the caller's."""
    fills, orders, accounts = tables.executions, tables.orders, tables.accounts
    query = (
        select(fills, accounts.c.fund_id, accounts.c.mode, *(orders.c[name] for name in _OF_ORDER))
        .join(accounts, accounts.c.account_id == fills.c.account_id)
        .join(orders, orders.c.client_order_id == fills.c.client_order_id, isouter=True)
        .where(accounts.c.fund_id == fund_id)
        .order_by(fills.c.account_id, fills.c.number)
    )
    if mode is not None:
        query = query.where(accounts.c.mode == mode.value)
    return tuple(_fill(row) for row in connection.execute(query).mappings())


def list_senders_of(ledger: Ledger, signal_ids: Iterable[str]) -> Mapping[str, str]:
    """The sender of each signal; those of none are left out."""
    with ledger_away(), ledger.reading() as connection:
        return senders_of(connection, signal_ids)


def senders_of(connection: Connection, signal_ids: Iterable[str]) -> Mapping[str, str]:
    """The same within a transaction of the caller's."""
    table, asked = tables.raw_signals, sorted(set(signal_ids))
    found: dict[str, str] = {}
    for start in range(0, len(asked), CHUNK):
        query = select(table.c.signal_id, table.c.sender_id).where(
            table.c.signal_id.in_(asked[start : start + CHUNK]), table.c.sender_id != ""
        )
        rows: Iterable[Any] = connection.execute(query)
        found |= {row[0]: row[1] for row in rows}
    return found


def _fill(row: RowMapping) -> SignalFill:
    values = {name: row[name] for name in Execution.__dataclass_fields__}
    return SignalFill(
        execution=Execution(**values | {"side": Side(row["side"])}),
        fund_id=row["fund_id"],
        mode=TradingMode(row["mode"]),
        asset_class=None if row["asset_class"] is None else AssetClass(row["asset_class"]),
        signal_id=row["signal_id"],
        leg=row["leg"] or 0,
        role=None if row["role"] is None else OrderRole(row["role"]),
        closes_entry=row["closes_entry"],
    )
