"""How much of what was ordered for an entry has filled, over all funds and accounts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal

from fund_pipeline.ledger import tables
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.orders import read_orders
from fund_pipeline.terms import OrderRole


def filled_shares(ledger: Ledger, signal_ids: Collection[str]) -> Mapping[tuple[str, int], Decimal]:
    """(Signal, leg) -> what its entries have filled ÷ what they were to order, at most 1; those without orders are left
    out. Of an entry that was sent again, the first attempt says what was to be ordered."""
    if not signal_ids:
        return {}
    ordered: dict[tuple[str, int], Decimal] = {}
    filled: dict[tuple[str, int], Decimal] = {}
    with ledger_away(), ledger.reading() as connection:
        orders = read_orders(connection, tables.orders.c.signal_id, sorted(signal_ids))
    for one in orders:
        if one.role is not OrderRole.ENTRY:
            continue
        key = (one.signal_id, one.leg)
        filled[key] = filled.get(key, Decimal(0)) + one.filled_quantity
        if one.attempt == 1:
            ordered[key] = ordered.get(key, Decimal(0)) + one.planned_quantity
    return {key: min(filled[key] / quantity, Decimal(1)) for key, quantity in ordered.items() if quantity}
