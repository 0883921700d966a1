"""Attached stops and targets: what closes an entry by itself. One that fills cancels the other."""

from __future__ import annotations

from decimal import Decimal

from fund_pipeline.cerebro.sizing.arithmetic import ZERO, on_tick, opposite
from fund_pipeline.cerebro.sizing.model import PlannedOrder
from fund_pipeline.cerebro.sizing.pricing import PricedLeg
from fund_pipeline.terms import OrderRole, OrderType, Side


def protective_orders(signal_id: str, leg: PricedLeg, account_id: str, quantity: Decimal) -> list[PlannedOrder]:
    """The stop and the target of an entry's leg in an account, in one OCA group; none where none is stated.

    On the tick, they close rather earlier than later.
    """
    side = opposite(leg.side)
    sells = side is Side.SELL
    stop = on_tick(leg.facts.stop_loss, leg.terms.tick, up=sells)
    target = on_tick(leg.facts.take_profit, leg.terms.tick, up=not sells)
    stated: list[tuple[OrderRole, OrderType, Decimal | None, Decimal | None]]
    stated = [(OrderRole.STOP, OrderType.STOP, None, stop)] if stop is not None else []
    stated += [(OrderRole.TARGET, OrderType.LIMIT, target, None)] if target is not None else []
    return [
        PlannedOrder(
            leg=leg.index,
            account_id=account_id,
            role=role,
            instrument_key=leg.key,
            asset_class=leg.asset_class,
            side=side,
            quantity=quantity,
            order_type=order_type,
            limit_price=limit_price,
            stop_price=stop_price,
            multiplier=leg.terms.multiplier,
            currency=leg.terms.currency,
            reference_price=leg.facts.reference_price or leg.price,
            reserved_margin=ZERO,
            oca_group=f"{signal_id}.{leg.index}.{account_id}",
        )
        for role, order_type, limit_price, stop_price in stated
    ]
