"""Entries that put the books right, made from what is booked and what was told. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

from fund_pipeline.accounts.reconciliation.folding import Folded
from fund_pipeline.execution.port import BrokerExecution
from fund_pipeline.ledger.account_model import Account
from fund_pipeline.ledger.order_model import Execution, Position
from fund_pipeline.ledger.own_entries import EntryKind, amended_id
from fund_pipeline.terms import Side

EXTERNAL = "EXTERNAL"
"""The strategy that holds what was traded elsewhere, once somebody has said that it is the fund's."""

PLACES = Decimal(1).scaleb(-12)
_EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN)
_ZERO = Decimal(0)


def opposite(side: Side) -> Side:
    """The other side."""
    return Side.SELL if side is Side.BUY else Side.BUY


def commission_entry(group: Folded, commission: Decimal, at: datetime) -> Execution:
    """What a fill cost more, or less, than is booked: a fill of nothing."""
    number = group.next(EntryKind.COMMISSION)
    more = commission - group.commission
    return _entry(group, EntryKind.COMMISSION, number, at, quantity=_ZERO, commission=more)


def undo_entry(group: Folded, at: datetime) -> Execution:
    """What takes a fill back, with all that it cost."""
    stands = group.stands or group.first
    return _entry(
        group,
        EntryKind.UNDO,
        group.next(EntryKind.UNDO),
        at,
        side=opposite(stands.side),
        quantity=stands.quantity,
        price=stands.price,
        commission=-group.commission,
    )


def redo_entry(group: Folded, told: BrokerExecution, at: datetime) -> Execution:
    """The fill as the broker tells of it now, in the strategy that held it."""
    facts = {name: getattr(told, name) for name in ("instrument_key", "side", "quantity", "price", "commission")}
    terms = {"commission_currency": told.commission_currency}
    return _entry(group, EntryKind.REDO, group.next(EntryKind.REDO), at, **facts, **terms)


def transfer(group: Folded, strategy: str, at: datetime) -> tuple[Execution, Execution]:
    """From the strategy that holds a fill to another, at its own price and with what it cost."""
    stands, number = group.stands or group.first, group.next(EntryKind.OUT)
    fill = {"quantity": stands.quantity, "price": stands.price}
    out = _entry(group, EntryKind.OUT, number, at, side=opposite(stands.side), commission=-group.commission, **fill)
    into = _entry(group, EntryKind.IN, number, at, side=stands.side, commission=group.commission, **fill)
    return out, replace(into, strategy=strategy)


def split_entries(
    account: Account, positions: Sequence[Position], theirs: Decimal, name: str, at: datetime
) -> tuple[Execution, ...]:
    """Each strategy's position closed at its cost, and opened in new units at the same: the whole is then `theirs`.

    What does not divide goes to the greatest position. `name` tells one split of an instrument from another.
    """
    whole = sum((one.quantity for one in positions), _ZERO)
    ratio = Fraction(theirs) / Fraction(whole)
    by_size = sorted(positions, key=lambda one: (abs(one.quantity), one.strategy))
    made = [_scaled(one.quantity, ratio) for one in by_size]
    made[-1] += theirs - sum(made, _ZERO)
    entries: list[Execution] = []
    for one, quantity in zip(by_size, made, strict=True):
        about = f"{name}:{one.strategy}"
        entries.append(_of_position(account, one, EntryKind.SPLIT_OUT, about, at, -one.quantity, one.average_price))
        if quantity:
            price = _EXACT.divide(one.cost, quantity).quantize(PLACES, context=_EXACT)
            entries.append(_of_position(account, one, EntryKind.SPLIT_IN, about, at, quantity, price))
    return tuple(entries)


def _scaled(quantity: Decimal, ratio: Fraction) -> Decimal:
    scaled = Fraction(quantity) * ratio
    exact = _EXACT.divide(Decimal(scaled.numerator), Decimal(scaled.denominator))
    return exact.quantize(PLACES, context=_EXACT).normalize(_EXACT)


def _of_position(
    account: Account, one: Position, kind: EntryKind, about: str, at: datetime, signed: Decimal, price: Decimal
) -> Execution:
    return Execution(
        broker=account.broker,
        broker_account=account.broker_account,
        broker_execution_id=amended_id(kind, 1, about),
        client_order_id=None,
        account_id=account.account_id,
        strategy=one.strategy,
        instrument_key=one.instrument_key,
        side=Side.BUY if signed > 0 else Side.SELL,
        quantity=abs(signed),
        price=price,
        commission=_ZERO,
        commission_currency=one.currency,
        multiplier=one.multiplier,
        currency=one.currency,
        executed_at=at,
        received_at=at,
    )


def _entry(group: Folded, kind: EntryKind, number: int, at: datetime, **changes: object) -> Execution:
    stands = group.stands or group.first
    return replace(
        stands,
        broker_execution_id=amended_id(kind, number, group.first.broker_execution_id),
        client_order_id=None,
        strategy=group.owner,
        executed_at=at,
        received_at=at,
        **changes,  # type: ignore[arg-type]
    )
