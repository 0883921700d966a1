"""The lines of an exit: one per leg and account, each with what it closes there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from fund_pipeline.cerebro.sizing.arithmetic import (
    ONE,
    ZERO,
    lowest_terms,
    on_tick,
    opposite,
    side_of,
    text,
    to_places,
    whole_steps,
)
from fund_pipeline.cerebro.sizing.closing import Share, broker_side, closable, close_quantity, holding, share_of
from fund_pipeline.cerebro.sizing.facts import PositionFacts
from fund_pipeline.cerebro.sizing.holdings import working_exits
from fund_pipeline.cerebro.sizing.meaning import Closing
from fund_pipeline.cerebro.sizing.model import PlannedOrder
from fund_pipeline.cerebro.sizing.proportion import EXACT_CLASSES
from fund_pipeline.cerebro.sizing.world import World
from fund_pipeline.lots import total
from fund_pipeline.terms import OrderRole, OrderType


@dataclass(frozen=True, kw_only=True)
class Reduction:
    """One leg of an exit: the fraction of our holding to close, where it is the same for all accounts.

    Attributes
    ----------
    closing : the leg, as it means.
    fraction : None to follow from the sender's book, account by account.
    """

    closing: Closing
    fraction: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class ExitLine:
    """One leg of an exit in one account. `share` is what it is to close, `quantity` what it may, in whole steps."""

    closing: Closing
    position: PositionFacts
    share: Share
    ends: bool
    step: Decimal
    quantity: Decimal


def exit_line(world: World, reduction: Reduction, position: PositionFacts) -> ExitLine:
    """What a leg closes of one position."""
    closing, terms = reduction.closing, world.terms.get(position.instrument_key)
    share = _share(world, reduction, position)
    step = terms.lot_step if terms is not None and terms.lot_step > 0 else ONE
    quantity = close_quantity(position, world, share.quantity, ends=closing.ends, step=step)
    return ExitLine(closing=closing, position=position, share=share, ends=closing.ends, step=step, quantity=quantity)


def _share(world: World, reduction: Reduction, position: PositionFacts) -> Share:
    closing, fraction = reduction.closing, ONE if reduction.closing.ends else reduction.fraction
    if fraction is not None:
        closed = to_places(total(holding(position, world)) * min(fraction, ONE))
        return Share(closed, closing.named, others=True)
    asked = closing.before.size if closing.quantity is None else closing.quantity
    return share_of(position, world, closing.before, asked, closing.named)


def in_ratio(lines: list[ExitLine]) -> list[ExitLine]:
    """Part of an option or futures combination is closed in whole multiples of its ratio, account by account."""
    kept: list[ExitLine] = []
    for account in dict.fromkeys(line.position.account_id for line in lines):
        here = [line for line in lines if line.position.account_id == account]
        combined = len(here) > 1 and any(line.position.asset_class in EXACT_CLASSES for line in here)
        kept += _whole_multiples(here) if combined and not any(line.ends for line in here) else here
    return kept


def _whole_multiples(lines: list[ExitLine]) -> list[ExitLine]:
    ratio, _ = lowest_terms([Fraction(abs(line.position.quantity)) / Fraction(line.step) for line in lines])
    units = [share * line.step for share, line in zip(ratio, lines, strict=True)]
    count = min(whole_steps(line.quantity, unit) for line, unit in zip(lines, units, strict=True))
    return [replace(line, quantity=count * unit) for line, unit in zip(lines, units, strict=True)]


def is_cut(world: World, line: ExitLine) -> bool:
    """Whether the broker's position, not our own, bounds it."""
    free = abs(line.position.quantity) - working_exits(world, line.position, of_all=False)
    return closable(line.position, world) < (free if line.ends else line.share.quantity)


def exit_order(world: World, line: ExitLine) -> PlannedOrder:
    """The order of a line, on the side that closes our position, whatever side was stated."""
    position, leg = line.position, line.closing.leg
    terms = world.terms.get(position.instrument_key)
    tick = terms.tick if terms is not None else None
    side = opposite(side_of(position.quantity))
    sells = position.quantity > 0
    limit_price = on_tick(leg.limit_price, tick, up=sells)
    stop_price = on_tick(leg.stop_price, tick, up=not sells)
    return PlannedOrder(
        leg=line.closing.index,
        account_id=position.account_id,
        role=OrderRole.EXIT,
        instrument_key=position.instrument_key,
        asset_class=position.asset_class,
        side=side,
        quantity=line.quantity,
        order_type=_order_type(leg.order_type, limit_price or leg.net_price, stop_price),
        limit_price=limit_price,
        stop_price=stop_price,
        multiplier=position.multiplier,
        currency=position.currency,
        reference_price=leg.reference_price,
        reserved_margin=ZERO,
        combination=leg.combination,
        ratio=leg.ratio,
        net_price=leg.net_price,
        closes_entry=line.share.entry,
        closes_others=line.share.others,
    )


def _order_type(stated: OrderType, limit_price: Decimal | None, stop_price: Decimal | None) -> OrderType:
    """An exit whose price is missing goes at market rather than not at all."""
    needs_limit = stated in (OrderType.LIMIT, OrderType.STOP_LIMIT)
    needs_stop = stated in (OrderType.STOP, OrderType.STOP_LIMIT)
    missing = (needs_limit and limit_price is None) or (needs_stop and stop_price is None)
    return OrderType.MARKET if missing else stated


def line_figures(world: World, line: ExitLine, *, in_mode: bool) -> dict[str, Any]:
    """A line's figures, enough to recompute its quantity."""
    position, closing = line.position, line.closing
    return {
        "leg": closing.index,
        "account": position.account_id,
        "instrument": position.instrument_key,
        "sender_position": text(closing.before.signed),
        "sender_quantity": text(closing.quantity),
        "entry": closing.named,
        "ends": line.ends,
        "share": text(line.share.quantity),
        "ours": text(position.quantity),
        "lots": [[lot.signal_id, lot.leg, text(lot.quantity)] for lot in position.lots],
        "broker": text(position.broker_quantity),
        "broker_side": text(broker_side(position, world)),
        "working_exits": text(working_exits(world, position, of_all=False)),
        "working_exits_of_all": text(working_exits(world, position, of_all=True)),
        "most": text(closable(position, world)),
        "lot_step": text(line.step),
        "mode_matches": in_mode,
        "ordered": text(line.quantity if in_mode else ZERO),
    }
