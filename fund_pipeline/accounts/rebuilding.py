"""Positions and cash from executions and flows alone: what the tables must come to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from fund_pipeline.execution.positions import apply
from fund_pipeline.ledger.flow_model import CashFlow
from fund_pipeline.ledger.order_model import Execution, Position
from fund_pipeline.terms import AssetClass, Side

_ZERO = Decimal(0)
_WHOLE = ""

MARKED = (AssetClass.FUTURE, AssetClass.FOREX)
"""Marked to market: buying them costs nothing, and what they make comes to cash when it is realised."""


def rebuild_cash(flows: Iterable[CashFlow], executions: Iterable[Execution]) -> dict[tuple[str, str], Decimal]:
    """Cash by account and currency, from flows and fills in the order of their numbers.

    What is bought is paid for in full, with its commission; futures and forex bring what they realise, reckoned on the
    whole account's position at average cost. An account whose OPENING balance was not all cash has as much less.
    """
    cash: dict[tuple[str, str], Decimal] = {}

    def add(account_id: str, currency: str, amount: Decimal) -> None:
        cash[account_id, currency] = cash.get((account_id, currency), _ZERO) + amount

    for flow in flows:
        add(flow.account_id, flow.currency, flow.amount)
    marked: dict[tuple[str, str], Position] = {}
    for fill in sorted(executions, key=lambda one: (one.account_id, one.number)):
        add(fill.account_id, fill.commission_currency, -fill.commission)
        if fill.instrument_key.partition(":")[0] not in MARKED:
            signed = fill.quantity if fill.side is Side.BUY else -fill.quantity
            add(fill.account_id, fill.currency, -signed * fill.price * fill.multiplier)
            continue
        book = (fill.account_id, fill.instrument_key)
        before = marked.get(book)
        after = apply(before, replace(fill, strategy=_WHOLE, commission=_ZERO))
        add(fill.account_id, fill.currency, after.realised_pnl - (_ZERO if before is None else before.realised_pnl))
        marked[book] = after
    return cash
