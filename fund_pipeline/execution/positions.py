"""Average-cost positions: what one fill does to one, and what all of them come to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Context, Decimal

from fund_pipeline.errors import InvariantError
from fund_pipeline.ledger.order_model import Execution, OrderRow, Position
from fund_pipeline.lots import Lots, added, taken
from fund_pipeline.terms import OrderRole, Side

PLACES = Decimal(1).scaleb(-12)
"""What the ledger keeps of a number."""

_EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN)
_ZERO = Decimal(0)


def apply(position: Position | None, fill: Execution, order: OrderRow | None = None) -> Position:
    """The position after a fill, at average cost.

    A fill on its side adds `quantity x price` to its cost. One against it realises `(price - average) x quantity x
    multiplier`, mirrored for a short, and leaves the average as it is. One that crosses zero closes all of it and opens
    the rest at its own price. Commission in the position's currency, also that of opening, is taken from the realised
    PnL when it is paid. Closing takes its part of the cost, and the last close all that is left, so that the realised
    PnL of a flat position is to 12 places the money that came in less what went out.

    `order` is the fill's own; None where it is not ours. Its signal is remembered when the fill opens a position, and
    says which lots change. InvariantError when the fill is another position's, or counts in another multiplier or
    currency.
    """
    before = position or _flat(fill)
    _refuse_another(before, fill)
    signed = fill.quantity if fill.side is Side.BUY else -fill.quantity
    closed = _ZERO if before.quantity * signed >= 0 else min(abs(signed), abs(before.quantity))
    closed_signed = closed.copy_sign(before.quantity) if closed else _ZERO
    quantity = _EXACT.add(before.quantity, signed)
    is_whole = closed == abs(before.quantity)
    released = before.cost if is_whole else _part(before.cost, closed, abs(before.quantity))
    gain = _EXACT.multiply(_EXACT.subtract(_EXACT.multiply(closed_signed, fill.price), released), fill.multiplier)
    if closed == 0:
        released = gain = _ZERO
    added = _EXACT.multiply(_EXACT.add(signed, closed_signed), fill.price)
    cost = _rounded(_EXACT.add(_EXACT.subtract(before.cost, released), added))
    commission = fill.commission if fill.commission_currency == before.currency else _ZERO
    return replace(
        before,
        quantity=quantity,
        cost=cost,
        average_price=_rounded(_EXACT.divide(cost, quantity)) if quantity else _ZERO,
        realised_pnl=_rounded(_EXACT.subtract(_EXACT.add(before.realised_pnl, gain), commission)),
        commission=_rounded(_EXACT.add(before.commission, commission)),
        opened_by=_opener(before, quantity, None if order is None else order.signal_id),
        updated_at=fill.received_at,
        lots=_lots(before.lots, closed, abs(signed) - closed, order),
    )


def rebuild(
    executions: Iterable[Execution], orders: Mapping[str, OrderRow] | None = None
) -> dict[tuple[str, str, str], Position]:
    """All positions (strategy, account, instrument) from executions alone, in the order of their numbers per account.

    `orders` gives the order of each client order id, for `opened_by` and the lots.
    """
    found: dict[tuple[str, str, str], Position] = {}
    for fill in sorted(executions, key=lambda one: (one.account_id, one.number)):
        book = (fill.strategy, fill.account_id, fill.instrument_key)
        found[book] = apply(found.get(book), fill, (orders or {}).get(fill.client_order_id or ""))
    return found


def _flat(fill: Execution) -> Position:
    return Position(
        strategy=fill.strategy,
        account_id=fill.account_id,
        instrument_key=fill.instrument_key,
        quantity=_ZERO,
        cost=_ZERO,
        average_price=_ZERO,
        realised_pnl=_ZERO,
        commission=_ZERO,
        multiplier=fill.multiplier,
        currency=fill.currency,
        opened_by=None,
        updated_at=fill.received_at,
    )


def _lots(lots: Lots, closed: Decimal, opened: Decimal, order: OrderRow | None) -> Lots:
    if order is None:
        return added(taken(lots, closed), None, 0, opened)
    if order.role is OrderRole.EXIT:
        left = taken(lots, closed, order.closes_entry)
    else:
        left = taken(lots, closed, order.signal_id, order.leg)
    return added(left, order.signal_id, order.leg, opened)


def _opener(before: Position, quantity: Decimal, opened_by: str | None) -> str | None:
    if quantity == 0:
        return None
    opens_anew = before.quantity == 0 or (before.quantity > 0) is not (quantity > 0)
    return opened_by if opens_anew else before.opened_by


def _part(cost: Decimal, closed: Decimal, held: Decimal) -> Decimal:
    return _rounded(_EXACT.divide(_EXACT.multiply(cost, closed), held))


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(PLACES, context=_EXACT).normalize(_EXACT)


def _refuse_another(position: Position, fill: Execution) -> None:
    for name in ("strategy", "account_id", "instrument_key", "multiplier", "currency"):
        if getattr(position, name) != getattr(fill, name):
            raise InvariantError(
                f"a fill of {name} {getattr(fill, name)} cannot change a position of {getattr(position, name)}",
                remedy="compare the instrument's terms with the broker's",
            )
