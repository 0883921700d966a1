"""What a strategy holds, and what is working on it."""

from __future__ import annotations

from decimal import Decimal

from fund_pipeline.cerebro.sizing.arithmetic import ZERO, sign
from fund_pipeline.cerebro.sizing.facts import OrderFacts, PositionFacts
from fund_pipeline.cerebro.sizing.world import World
from fund_pipeline.terms import OrderRole


def positions_in(world: World, strategy: str, fund_id: str, instrument_key: str) -> list[PositionFacts]:
    """The strategy's open positions in an instrument, over the fund's accounts."""
    return [one for one in world.positions_of.get((strategy, fund_id), ()) if one.instrument_key == instrument_key]


def own_positions_in(world: World, strategy: str, fund_id: str, instrument_key: str) -> list[PositionFacts]:
    """Those of them in accounts of the strategy's own mode."""
    found = positions_in(world, strategy, fund_id, instrument_key)
    return [one for one in found if world.is_in_mode(strategy, one.account_id)]


def orders_in(world: World, strategy: str, fund_id: str, instrument_key: str) -> list[OrderFacts]:
    """The strategy's live orders in an instrument, over the fund's accounts."""
    return [
        one
        for one in world.orders_of.get(strategy, ())
        if one.instrument_key == instrument_key and world.fund_of(one.account_id) == fund_id
    ]


def committed(world: World, strategy: str, fund_id: str, instrument_key: str) -> Decimal:
    """What it will hold once its entries and exits are filled, below 0 for a short. Stops and targets may never be.

    In the accounts of its own mode: what it left in those of the other is exited there, and is no part of what it has.
    """
    held = sum((one.quantity for one in own_positions_in(world, strategy, fund_id, instrument_key)), ZERO)
    own = world.own_accounts(strategy, fund_id)
    return held + sum((world.working.signed.get((strategy, one, instrument_key), ZERO) for one in own), ZERO)


def working_exits(world: World, position: PositionFacts, *, of_all: bool) -> Decimal:
    """What working EXIT orders will still close of a position; `of_all` strategies on that side of the account."""
    found = exits_of(world, position)
    if of_all:
        found = [one for one in world.orders if _closes(one, position)]
    return sum((one.quantity for one in found), ZERO)


def exits_of(world: World, position: PositionFacts) -> list[OrderFacts]:
    """The strategy's working EXIT orders that close a position, in their order."""
    return [one for one in world.orders if one.strategy == position.strategy and _closes(one, position)]


def _closes(order: OrderFacts, position: PositionFacts) -> bool:
    return (
        order.role is OrderRole.EXIT
        and order.account_id == position.account_id
        and order.instrument_key == position.instrument_key
        and sign(order.side) * position.quantity < 0
    )
