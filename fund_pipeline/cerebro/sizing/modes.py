"""From the sender's quantities to ours, before any bound and rounding: one function per sizing mode."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from fund_pipeline.cerebro.sizing.arithmetic import ZERO, text
from fund_pipeline.cerebro.sizing.capital import Capital
from fund_pipeline.cerebro.sizing.facts import StrategyFacts
from fund_pipeline.cerebro.sizing.pricing import PricedLeg
from fund_pipeline.cerebro.sizing.reasons import DecisionReason
from fund_pipeline.cerebro.sizing.refused import Refused
from fund_pipeline.cerebro.sizing.signal_facts import SignalFacts
from fund_pipeline.terms import SizingMode


def wanted_quantities(
    signal: SignalFacts, legs: Sequence[PricedLeg], strategy: StrategyFacts, capital: Capital
) -> tuple[dict[int, Decimal], dict[str, Any]]:
    """Leg index -> quantity that the strategy's mode gives, unrounded; and the figures it follows from."""
    match strategy.sizing:
        case SizingMode.SCALE:
            return _scaled(signal, legs, strategy, capital)
        case SizingMode.FULL_CAPITAL | SizingMode.FIXED_PCT:
            return _shared(legs, strategy.sizing, capital)
        case SizingMode.TARGET_WEIGHT:
            raise Refused(DecisionReason.NO_TARGET)


def target_quantity(weight: Decimal, leg: PricedLeg, capital: Capital) -> Decimal:
    """What a target weight asks to hold, without sign: |weight| × C ÷ (price × multiplier × FX)."""
    return abs(weight) * capital.sizing / leg.unit_notional


def _scaled(
    signal: SignalFacts, legs: Sequence[PricedLeg], strategy: StrategyFacts, capital: Capital
) -> tuple[dict[int, Decimal], dict[str, Any]]:
    equity = signal.sender_equity if signal.sender_equity is not None else strategy.sender_equity
    if equity is None or equity <= 0:
        raise Refused(DecisionReason.NO_SENDER_EQUITY, {"sender_equity": text(equity)})
    factor = capital.sizing / equity
    figures = {"mode": SizingMode.SCALE.value, "sender_equity": text(equity), "factor": text(factor)}
    return {leg.index: _stated(leg) * capital.sizing / equity for leg in legs}, figures


def _shared(legs: Sequence[PricedLeg], mode: SizingMode, capital: Capital) -> tuple[dict[int, Decimal], dict[str, Any]]:
    if any(leg.unit_notional <= 0 for leg in legs):
        raise Refused(DecisionReason.NO_PRICE, {"mode": mode.value})
    if len(legs) == 1:
        only = legs[0]
        return {only.index: capital.sizing / only.unit_notional}, {"mode": mode.value}
    total = sum((_stated(leg) * leg.unit_notional for leg in legs), ZERO)
    factor = capital.sizing / total
    figures = {"mode": mode.value, "sender_notional": text(total), "factor": text(factor)}
    return {leg.index: _stated(leg) * capital.sizing / total for leg in legs}, figures


def _stated(leg: PricedLeg) -> Decimal:
    if leg.quantity is None or leg.quantity <= 0:
        raise Refused(DecisionReason.INCOMPLETE, {"leg": leg.index, "sender_quantity": text(leg.quantity)})
    return leg.quantity
