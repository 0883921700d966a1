"""What brokers do to their books after the fact: busted and altered trades, late commissions, splits, lost orders."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from fund_pipeline.errors import InputError
from fund_pipeline.execution.brokers.paper import book
from fund_pipeline.execution.brokers.paper.book import Holding, Which
from fund_pipeline.execution.port import BrokerExecution
from fund_pipeline.terms import AssetClass, Side


def find(db: sqlite3.Connection, execution_id: str) -> BrokerExecution:
    """One fill, told yet or not. InputError when there is none."""
    for one in book.all_executions(db):
        if one.execution_id == execution_id:
            return one
    raise InputError(
        f"there is no fill {execution_id!r}", remedy="see `fund orders fills`, or the account's executions"
    )


def remove(db: sqlite3.Connection, execution_id: str) -> BrokerExecution:
    """Take a fill back."""
    fill = find(db, execution_id)
    db.execute("DELETE FROM executions WHERE execution_id = ?", (execution_id,))
    _move(db, fill, -1)
    return fill


def alter(db: sqlite3.Connection, execution_id: str, quantity: Decimal, price: Decimal) -> None:
    """Make a fill another."""
    fill = find(db, execution_id)
    other = replace(fill, quantity=quantity, price=price)
    db.execute(
        "UPDATE executions SET quantity = ?, price = ? WHERE execution_id = ?",
        (str(quantity), str(price), execution_id),
    )
    _move(db, fill, -1)
    _move(db, other, 1)


def charge(db: sqlite3.Connection, execution_id: str, commission: Decimal) -> None:
    """Make a fill cost something else."""
    fill = find(db, execution_id)
    db.execute("UPDATE executions SET commission = ? WHERE execution_id = ?", (str(commission), execution_id))
    book.add_cash(db, fill.commission_currency, fill.commission - commission)


def repeat(db: sqlite3.Connection, execution_id: str, now: datetime) -> str:
    """Tell of a fill twice."""
    again = replace(find(db, execution_id), execution_id=f"{execution_id}-again")
    book.add_execution(db, again, now)
    return again.execution_id


def split(db: sqlite3.Connection, instrument_key: str, new: int, old: int) -> None:
    """Make more or fewer units of a position and its quote."""
    held = book.holding_in(db, instrument_key)
    if held is None:
        raise InputError(f"the account holds no {instrument_key}", remedy="see `fund paper show`")
    quantity = held.quantity * new / old
    book.put_holding(db, replace(held, quantity=quantity, average_price=held.average_price * old / new))
    quote = book.read_quote(db, instrument_key)
    if quote is not None:
        prices = {name: getattr(quote, name) * old / new for name in ("bid", "ask", "last")}
        book.put_quote(db, instrument_key, replace(quote, **prices))


def lose(db: sqlite3.Connection, client_order_id: str) -> None:
    """Forget an order."""
    if not book.find_orders(db, Which.EVER_OF_ID, client_order_id):
        raise InputError(f"there is no order {client_order_id!r}", remedy="see `fund paper show`")
    db.execute("DELETE FROM orders WHERE client_order_id = ?", (client_order_id,))


def _move(db: sqlite3.Connection, fill: BrokerExecution, times: int) -> None:
    """Cash and position as a fill moves them, or moves them back."""
    signed = (fill.quantity if fill.side is Side.BUY else -fill.quantity) * times
    book.add_cash(db, fill.currency, -signed * fill.price * fill.multiplier)
    book.add_cash(db, fill.commission_currency, -fill.commission * times)
    kind = AssetClass(fill.instrument_key.partition(":")[0])
    held = book.holding_in(db, fill.instrument_key) or Holding(
        fill.instrument_key, kind, Decimal(0), Decimal(0), fill.multiplier, fill.currency
    )
    book.put_holding(db, held.after(signed, fill.price))
