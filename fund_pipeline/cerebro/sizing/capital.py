"""Capital of a strategy in a fund: what is allocated, what is in use, and what may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fund_pipeline.cerebro.sizing.arithmetic import ONE, ZERO, text
from fund_pipeline.cerebro.sizing.facts import FundFacts, StrategyFacts
from fund_pipeline.cerebro.sizing.pricing import mark
from fund_pipeline.cerebro.sizing.reasons import DecisionReason
from fund_pipeline.cerebro.sizing.refused import Refused
from fund_pipeline.cerebro.sizing.world import World
from fund_pipeline.terms import SizingMode


@dataclass(frozen=True, kw_only=True)
class Capital:
    """Amounts in the fund's currency, of the accounts of the strategy's own mode.

    Attributes
    ----------
    equity : E_f.
    allocated : C = E_f · w_s.
    sizing : the capital that sizes are reckoned with: C, or E_f times the fixed percentage.
    bound : greatest notional in use and new: the lesser of the two, times κ.
    in_use : instrument -> gross notional of positions, and of entries that are working, INTENT, UNKNOWN or decided.
    """

    equity: Decimal
    weight: Decimal
    allocated: Decimal
    sizing: Decimal
    max_gross: Decimal
    bound: Decimal
    in_use: dict[str, Decimal]

    @property
    def used(self) -> Decimal:
        """U: gross notional in use."""
        return sum(self.in_use.values(), ZERO)

    def as_figures(self) -> dict[str, Any]:
        """Its figures, as a decision records them."""
        return {
            "equity": text(self.equity),
            "weight": text(self.weight),
            "allocated": text(self.allocated),
            "sizing": text(self.sizing),
            "max_gross": text(self.max_gross),
            "bound": text(self.bound),
            "in_use": text(self.used),
        }


def capital_of(strategy: StrategyFacts, fund: FundFacts, world: World) -> Capital:
    """The capital of a strategy in a fund that allocates to it. Refused where a figure is missing."""
    equity, weight = fund.worth(strategy).equity, weight_of(strategy, fund)
    if equity is None or equity <= 0:
        raise Refused(DecisionReason.NO_EQUITY, {"fund_equity": text(equity)})
    allocated = equity * weight
    sizing = allocated
    if strategy.sizing is SizingMode.FIXED_PCT:
        if strategy.fixed_pct is None or strategy.fixed_pct <= 0:
            raise Refused(DecisionReason.NO_PERCENTAGE, {"fixed_pct": text(strategy.fixed_pct)})
        sizing = equity * strategy.fixed_pct
    max_gross = ONE if strategy.max_gross is None else strategy.max_gross
    return Capital(
        equity=equity,
        weight=weight,
        allocated=allocated,
        sizing=sizing,
        max_gross=max_gross,
        bound=min(allocated, sizing) * max_gross,
        in_use=_in_use(strategy, fund, world),
    )


def weight_of(strategy: StrategyFacts, fund: FundFacts) -> Decimal:
    """The strategy's ACTIVE weight, > 0. Refused: NO_ACTIVE_ALLOCATION, NOT_ALLOCATED."""
    if fund.weights is None:
        raise Refused(DecisionReason.NO_ACTIVE_ALLOCATION)
    weight = fund.weights.get(strategy.strategy, ZERO)
    if weight <= 0:
        raise Refused(DecisionReason.NOT_ALLOCATED, {"weight": text(weight)})
    return weight


def _in_use(strategy: StrategyFacts, fund: FundFacts, world: World) -> dict[str, Decimal]:
    """Of the strategy's own mode: what a strategy that went LIVE left in a PAPER account uses no real capital."""
    who = strategy.strategy, fund.fund_id
    if who not in world.notional_held:
        world.notional_held[who] = _held(who, fund, world)
    found = dict(world.notional_held[who])
    for account in world.own_accounts(*who):
        for key, notional in world.working.notional.get((strategy.strategy, account), {}).items():
            found[key] = found.get(key, ZERO) + notional
    return found


def _held(who: tuple[str, str], fund: FundFacts, world: World) -> Mapping[str, Decimal]:
    found: dict[str, Decimal] = {}
    for position in world.positions_of.get(who, ()):
        if not world.is_in_mode(position.strategy, position.account_id):
            continue
        key = position.instrument_key
        fx = world.rate(position.currency, fund.currency)
        if fx is None:
            shown = {"instrument": key, "from": position.currency, "to": fund.currency}
            raise Refused(DecisionReason.NO_FX_RATE, shown)
        price = mark(world.quotes.get(key), position.quantity, position.average_price)
        found[key] = found.get(key, ZERO) + abs(position.quantity) * abs(price) * position.multiplier * fx
    return found
