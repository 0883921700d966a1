"""Limits of notional, which cut an entry to the part that fits; and of the number of orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from fund_pipeline.cerebro.sizing.arithmetic import ONE, ZERO, text
from fund_pipeline.cerebro.sizing.capital import Capital
from fund_pipeline.cerebro.sizing.limits.finding import EntryCase, Finding
from fund_pipeline.cerebro.sizing.pricing import PricedLeg
from fund_pipeline.cerebro.sizing.reasons import DecisionReason


class Bound(Protocol):
    """A rule that says how much of an entry fits."""

    def validate(
        self, case: EntryCase, capital: Capital, legs: Sequence[PricedLeg], wanted: Mapping[int, Decimal]
    ) -> Finding:
        """What it found."""
        ...


class CapitalBound:
    """U + new notional ≤ C × κ."""

    def validate(
        self, case: EntryCase, capital: Capital, legs: Sequence[PricedLeg], wanted: Mapping[int, Decimal]
    ) -> Finding:
        """CAPITAL_IN_USE."""
        return _within("capital", DecisionReason.CAPITAL_IN_USE, capital.bound, capital.used, _new(legs, wanted))


class StrategyLimit:
    """The strategy's own limit of its notional."""

    def validate(
        self, case: EntryCase, capital: Capital, legs: Sequence[PricedLeg], wanted: Mapping[int, Decimal]
    ) -> Finding:
        """STRATEGY_LIMIT."""
        own = case.strategy.risk_limits
        limit = _lesser(own.max_strategy_notional, own.max_strategy_share, capital.equity)
        return _within("strategy", DecisionReason.STRATEGY_LIMIT, limit, capital.used, _new(legs, wanted))


class PositionLimit:
    """The strategy's own limit of the notional in one instrument."""

    def validate(
        self, case: EntryCase, capital: Capital, legs: Sequence[PricedLeg], wanted: Mapping[int, Decimal]
    ) -> Finding:
        """POSITION_LIMIT, of the leg with the least room."""
        own = case.strategy.risk_limits
        limit = _lesser(own.max_position_notional, own.max_position_share, capital.equity)
        found = [
            _within(
                f"position:{leg.key}",
                DecisionReason.POSITION_LIMIT,
                limit,
                capital.in_use.get(leg.key, ZERO),
                _new([leg], wanted),
            )
            for leg in legs
        ]
        return min(found, key=lambda finding: finding.part)


class PositionsLimit:
    """The strategy's own limit of instruments held or being entered."""

    def validate(
        self, case: EntryCase, capital: Capital, legs: Sequence[PricedLeg], wanted: Mapping[int, Decimal]
    ) -> Finding:
        """POSITIONS_LIMIT; it cannot be cut to fit."""
        most = case.strategy.risk_limits.max_open_positions
        after = len(capital.in_use.keys() | {leg.key for leg in legs})
        over = most is not None and after > most and any(leg.key not in capital.in_use for leg in legs)
        figures = {"after": after, "most": most}
        if not over:
            return Finding(limit="positions", figures=figures)
        return Finding(limit="positions", reason=DecisionReason.POSITIONS_LIMIT, part=ZERO, figures=figures)


class OrdersPerMinute:
    """The strategy's own limit of entry orders in a minute."""

    def validate(self, case: EntryCase, planned: int) -> Finding:
        """ORDERS_PER_MINUTE, counting the last minute's, those of this batch and the ones planned."""
        strategy, most = case.strategy, case.strategy.risk_limits.max_orders_per_minute
        decided = case.world.working.planned.get(strategy.strategy, 0)
        after = case.world.recent_orders.get(strategy.strategy, 0) + decided + planned
        reason = DecisionReason.ORDERS_PER_MINUTE if most is not None and after > most else None
        return Finding(limit="orders_per_minute", reason=reason, figures={"after": after, "most": most})


BOUNDS: tuple[Bound, ...] = (CapitalBound(), StrategyLimit(), PositionLimit(), PositionsLimit())


def _within(name: str, reason: DecisionReason, limit: Decimal | None, used: Decimal, new: Decimal) -> Finding:
    figures = {"bound": text(limit), "in_use": text(used), "new": text(new)}
    if limit is None or used + new <= limit:
        return Finding(limit=name, figures=figures)
    part = max(limit - used, ZERO) / new if new else ZERO
    return Finding(limit=name, reason=reason, part=min(part, ONE), figures=figures | {"part": text(min(part, ONE))})


def _new(legs: Sequence[PricedLeg], wanted: Mapping[int, Decimal]) -> Decimal:
    return sum((wanted[leg.index] * leg.unit_notional for leg in legs), ZERO)


def _lesser(notional: Decimal | None, share: Decimal | None, equity: Decimal) -> Decimal | None:
    stated = [limit for limit in (notional, None if share is None else share * equity) if limit is not None]
    return min(stated) if stated else None
