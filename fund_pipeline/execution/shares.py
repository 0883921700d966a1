"""Who may close how much of a position, so that together they never close more than is held."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, Decimal

from fund_pipeline.ledger.order_model import OrderRow, OrderState
from fund_pipeline.ledger.standings import Standing
from fund_pipeline.lots import Lots, held_by, of_nobody, taken, total
from fund_pipeline.terms import OrderRole, Side

_ZERO = Decimal(0)


@dataclass(frozen=True)
class Shares:
    """What each live order that closes may still close, by client order id, in the instrument's units.

    Exits come first, the oldest before the others; one that names an entry takes of its lots. What they leave of an
    entry's lot is for its own stop and target, which share it, because only one of them will fill.
    """

    of: Mapping[str, Decimal]

    def excess(self, order: OrderRow) -> bool:
        """Whether a working order could close more than its share."""
        return order.state is not OrderState.INTENT and order.remaining > self.of.get(order.client_order_id, _ZERO)


def share_out(standing: Standing, now: datetime, *, exits_may_go: bool = True) -> Shares:
    """Share out what the strategy holds. Exits that cannot be sent yet take no share, so that stops stay meanwhile."""
    lots, shares = lots_of(standing), {}
    for order in sorted(_exits(standing), key=lambda one: one.state is OrderState.INTENT):
        if order.state is OrderState.INTENT and not (exits_may_go and is_due(order, now)):
            continue
        part = min(wanted(order, standing, lots), within(order, lots)) if _closes(order, standing) else _ZERO
        shares[order.client_order_id] = part
        lots = taken(lots, part, order.closes_entry)
    for leg in _attached_legs(standing):
        group = [one for one in standing.book if one.role.is_attached and one.legged == leg]
        part = held_by(lots, leg[0], leg[1])
        for order in group:
            most = order.planned_quantity - order.filled_quantity
            shares[order.client_order_id] = max(min(part, most), _ZERO) if _closes(order, standing) else _ZERO
    return Shares(shares)


def is_due(order: OrderRow, now: datetime) -> bool:
    """Whether its pause is over."""
    return order.not_before is None or order.not_before <= now


def lots_of(standing: Standing) -> Lots:
    """What each entry holds of the position."""
    return () if standing.position is None else standing.position.lots


def within(order: OrderRow, lots: Lots) -> Decimal:
    """The most that an exit may close of these lots: all, or those of the entry that it names and of nobody's.

    One that has been sent may fill whole, whatever another has closed of its entry's lot meanwhile: no other gets that.
    """
    if order.closes_others or order.state is not OrderState.INTENT:
        return total(lots)
    return held_by(lots, order.closes_entry) + of_nobody(lots)


def wanted(order: OrderRow, standing: Standing, lots: Lots) -> Decimal:
    """What an exit is to close yet: its quantity, or what follows from the fills of the entries that it waits for."""
    if order.state is not OrderState.INTENT or order.close_fraction is None:
        return order.remaining
    return total(lots) if order.close_base is None else follows_from(order, standing.family)


def follows_from(order: OrderRow, orders: Iterable[OrderRow]) -> Decimal:
    """What an exit closes by what its entries have filled, rounded down to the places of its entry's quantity."""
    filled = sum((one.filled_quantity for one in orders if one.client_order_id in order.waits_for), _ZERO)
    closed = (order.close_base or _ZERO) + (order.close_fraction or _ZERO) * filled
    return max(closed.quantize(step_of(order.planned_quantity), ROUND_DOWN), _ZERO)


def step_of(quantity: Decimal) -> Decimal:
    """The smallest step that a quantity shows: 1 for whole ones."""
    exponent = quantity.normalize().as_tuple().exponent
    return Decimal(1).scaleb(min(int(exponent), 0))


def beyond_broker(standing: Standing, at_broker: Decimal) -> Decimal:
    """How much less the broker holds than our books, on the side of the strategy's position, beyond what can be on its
    way: what working orders of that account may have filled without our having booked it."""
    sign = Decimal(1).copy_sign(standing.held)
    closing = Side.SELL if standing.held > 0 else Side.BUY
    moving = sum(
        (one.remaining for one in standing.working if one.side is closing and one.state is not OrderState.INTENT), _ZERO
    )
    return max((standing.net_quantity - at_broker) * sign - moving, _ZERO)


def entry_filled(standing: Standing, leg: tuple[str, int, str]) -> Decimal | None:
    """What the entries of a signal, leg and account have filled, over all attempts; None where there is no entry."""
    entries = [one for one in standing.family if one.legged == leg and one.role is OrderRole.ENTRY]
    return sum((one.filled_quantity for one in entries), _ZERO) if entries else None


def _exits(standing: Standing) -> list[OrderRow]:
    return [one for one in standing.book if one.role is OrderRole.EXIT]


def _closes(order: OrderRow, standing: Standing) -> bool:
    return standing.held != 0 and (order.side is Side.SELL) is (standing.held > 0)


def _attached_legs(standing: Standing) -> list[tuple[str, int, str]]:
    attached = [one for one in standing.book if one.role.is_attached]
    return list(dict.fromkeys(one.legged for one in attached))
