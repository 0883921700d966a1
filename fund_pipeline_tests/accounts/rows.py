"""Rows of tables that other rooms write, as far as these tests need them."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import Boolean, Integer, Table, Text, insert
from sqlalchemy.types import String

from fund_pipeline.ledger import Ledger, tables
from fund_pipeline.ledger.types import ExactDecimal, UtcDateTime
from fund_pipeline_tests.samples import NOW


def put_row(ledger: Ledger, target: Table, **given: object) -> None:
    """Insert a row with these values, and something of the right type wherever the table wants one."""
    values = {column.name: _something(column.type) for column in target.columns if not column.nullable}
    with ledger.writing() as connection:
        connection.execute(insert(target).values(values | given))


def put_position(ledger: Ledger, account_id: str, key: str, quantity: int) -> None:
    """A position of strategy A."""
    put_row(
        ledger,
        tables.positions,
        strategy="A",
        account_id=account_id,
        instrument_key=key,
        quantity=Decimal(quantity),
        is_flat=quantity == 0,
    )


def put_orders(ledger: Ledger, account_id: str, *states: str) -> None:
    """Orders in these states, each on a leg of one signal, which was decided for fund `demo`."""
    put_row(ledger, tables.raw_signals, signal_id="ordered", way_in="webhook")
    on = {"signal_id": "ordered", "fund_id": "demo", "decision_id": "ordered"}
    put_row(ledger, tables.decisions, **on, outcome="APPROVED")
    words = {"role": "ENTRY", "side": "BUY", "order_type": "MARKET", "asset_class": "STOCK"}
    for leg, state in enumerate(states):
        more = {"client_order_id": f"order-{leg}", "leg": leg, "state": state, "account_id": account_id}
        put_row(ledger, tables.orders, **on, **words, **more)


def _something(kind: object) -> object:
    match kind:
        case ExactDecimal():
            return Decimal(1)
        case UtcDateTime():
            return NOW
        case Boolean():
            return False
        case Integer():
            return 1
        case String() | Text():
            return "x"
        case _:
            return {}
