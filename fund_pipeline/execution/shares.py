"""Who may close how much of a position, so that together they never close more than is held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, Decimal

from fund_pipeline.ledger.order_model import OrderRow, OrderState
from fund_pipeline.ledger.standings import Standing
from fund_pipeline.terms import OrderRole, Side

_ZERO = Decimal(0)


@dataclass(frozen=True)
class Shares:
    """What each live order that closes may still close, by client order id, in the instrument's units.

    Exits come first, the oldest before the others; what they leave goes to stops and targets, those of the newest
    entry first. A stop and a target of one entry share one part, because only one of them will fill.
    """

    of: Mapping[str, Decimal]

    def excess(self, order: OrderRow) -> bool:
        """Whether a working order could close more than its share."""
        return order.state is not OrderState.INTENT and order.remaining > self.of.get(order.client_order_id, _ZERO)


def share_out(standing: Standing, now: datetime, *, exits_may_go: bool = True) -> Shares:
    """Share out what the strategy holds. Exits that cannot be sent yet take no share, so that stops stay meanwhile."""
    left, shares = abs(standing.held), {}
    for order in sorted(_exits(standing), key=lambda one: one.state is OrderState.INTENT):
        if order.state is OrderState.INTENT and not (exits_may_go and is_due(order, now)):
            continue
        shares[order.client_order_id] = min(wanted(order, left), left) if _closes(order, standing) else _ZERO
        left -= shares[order.client_order_id]
    for leg in _attached_legs(standing):
        group = [one for one in standing.book if one.role.is_attached and one.legged == leg]
        part = min(_unclosed(standing, leg), left)
        for order in group:
            most = order.planned_quantity - order.filled_quantity
            shares[order.client_order_id] = max(min(part, most), _ZERO) if _closes(order, standing) else _ZERO
        left -= max(shares[order.client_order_id] for order in group)
    return Shares(shares)


def is_due(order: OrderRow, now: datetime) -> bool:
    """Whether its pause is over."""
    return order.not_before is None or order.not_before <= now


def wanted(order: OrderRow, left: Decimal) -> Decimal:
    """What an exit is to close yet: its quantity, or its fraction of what other exits leave.

    A fraction is rounded down to the places of the quantities that its entry was ordered in (`quantity` of an exit that
    has not been sent keeps them), except where it is all.
    """
    fraction = order.close_fraction
    if order.state is not OrderState.INTENT or fraction is None:
        return order.remaining
    return left if fraction == 1 else (left * fraction).quantize(step_of(order.planned_quantity), ROUND_DOWN)


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
    newest_first = sorted(attached, key=lambda one: (one.created_at, one.legged), reverse=True)
    return list(dict.fromkeys(one.legged for one in newest_first))


def _unclosed(standing: Standing, leg: tuple[str, int, str]) -> Decimal:
    attached = [one for one in standing.family if one.legged == leg and one.role.is_attached]
    closed = sum((one.filled_quantity for one in attached), _ZERO)
    opened = entry_filled(standing, leg)
    if opened is None:
        opened = max(one.planned_quantity for one in attached)
    return max(opened - closed, _ZERO)
