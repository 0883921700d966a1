"""Fills at the paper broker: from a match to execution, cash, position and the others of the group."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from fund_pipeline.execution.brokers.paper import book
from fund_pipeline.execution.brokers.paper.book import Holding, PaperOrder, PaperState, Which
from fund_pipeline.execution.brokers.paper.faults import FILL, FaultKind, take_fault
from fund_pipeline.execution.brokers.paper.matching import match, size_for
from fund_pipeline.execution.brokers.paper.terms import PaperTerms
from fund_pipeline.execution.port import BrokerExecution, OrderRequest, Quote
from fund_pipeline.terms import Side

_ZERO = Decimal(0)


def fill(db: sqlite3.Connection, terms: PaperTerms, account: str, order: PaperOrder, now: datetime) -> None:
    """Fill a working order as far as the present quote reaches and offers."""
    fresh = book.find_orders(db, Which.NUMBERED, order.number)[0]  # another of its group may just have reduced it
    quote = book.read_quote(db, fresh.request.instrument_key)
    if fresh.state is not PaperState.WORKING or quote is None:
        return
    found = match(fresh.request, quote, terms.slippage_bps, triggered=fresh.triggered)
    if found.triggered is not fresh.triggered:
        fresh = replace(fresh, triggered=found.triggered)
        book.put_order(db, fresh)
    if found.price is None:
        return
    offered = size_for(fresh.request.side, quote)
    quantity = fresh.remaining if offered is None else min(fresh.remaining, offered)
    if quantity <= 0:
        return
    if offered is not None:
        _take_size(db, fresh.request, quote, quantity)
    settle(db, terms, account, fresh, quantity, found.price, now)


def settle(
    db: sqlite3.Connection,
    terms: PaperTerms,
    account: str,
    order: PaperOrder,
    quantity: Decimal,
    price: Decimal,
    now: datetime,
) -> None:
    """Book a fill of an order, with whatever was ordered to go wrong with it."""
    fault = take_fault(db, FILL)
    told_at = now
    if fault is not None and fault.kind is FaultKind.PARTIAL:
        quantity = min(quantity, fault.quantity)
    if fault is not None and fault.kind is FaultKind.OVERFILL:
        quantity += fault.quantity
    if fault is not None and fault.kind is FaultKind.HIDDEN:
        told_at = now + timedelta(seconds=fault.seconds)
    filled = order.filled + quantity
    state = PaperState.FILLED if filled >= order.quantity else order.state
    book.put_order(db, replace(order, filled=filled, state=state))
    trade(db, terms, account, order.request, quantity, price, now, order.request.client_order_id, told_at)
    if terms.has_oca and order.request.oca_group is not None:
        _reduce_others(db, order, quantity)


def trade(
    db: sqlite3.Connection,
    terms: PaperTerms,
    account: str,
    request: OrderRequest,
    quantity: Decimal,
    price: Decimal,
    now: datetime,
    reference: str | None,
    told_at: datetime | None = None,
) -> None:
    """One execution, with the cash and the position that it moves."""
    # The number that AUTOINCREMENT gives next: that of a fill which was taken back is never given again.
    given = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'executions'").fetchone()
    number = 1 if given is None else given[0] + 1
    commission = terms.commission(request, quantity, price)
    execution = BrokerExecution(
        execution_id=f"{account}-{number}",
        client_order_id=reference,
        instrument_key=request.instrument_key,
        side=request.side,
        quantity=quantity,
        price=price,
        commission=commission,
        commission_currency=request.currency,
        multiplier=request.multiplier,
        currency=request.currency,
        executed_at=now,
    )
    book.add_execution(db, execution, told_at or now)
    signed = quantity if request.side is Side.BUY else -quantity
    book.add_cash(db, request.currency, -signed * price * request.multiplier - commission)
    held = book.holding_in(db, request.instrument_key) or Holding(
        request.instrument_key, request.asset_class, _ZERO, _ZERO, request.multiplier, request.currency
    )
    book.put_holding(db, held.after(signed, price))


def _take_size(db: sqlite3.Connection, request: OrderRequest, quote: Quote, quantity: Decimal) -> None:
    if request.side is Side.BUY and quote.ask_size is not None:
        quote = replace(quote, ask_size=quote.ask_size - quantity)
    elif quote.bid_size is not None:
        quote = replace(quote, bid_size=quote.bid_size - quantity)
    book.put_quote(db, request.instrument_key, quote)


def _reduce_others(db: sqlite3.Connection, order: PaperOrder, quantity: Decimal) -> None:
    group = book.find_orders(db, Which.WORKING_OF_GROUP, order.request.oca_group)
    for other in group:
        if other.number == order.number:
            continue
        left = other.quantity - quantity
        if left <= other.filled:
            message = f"P{order.number} of its group has filled"
            book.put_order(db, replace(other, state=PaperState.CANCELLED, message=message))
        else:
            book.put_order(db, replace(other, quantity=left))
