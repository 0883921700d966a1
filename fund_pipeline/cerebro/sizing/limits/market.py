"""Limits that look at the market: sane quotes and prices, protection on the right side, and slippage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

from fund_pipeline.cerebro.sizing.arithmetic import ZERO, sign, text
from fund_pipeline.cerebro.sizing.facts import AlphaPolicy
from fund_pipeline.cerebro.sizing.limits.finding import EntryCase, Finding
from fund_pipeline.cerebro.sizing.pricing import PricedLeg, market_price
from fund_pipeline.cerebro.sizing.reasons import DecisionReason
from fund_pipeline.terms import OrderType, Side

_LIMITED = (OrderType.LIMIT, OrderType.STOP_LIMIT)


class LegLimit(Protocol):
    """A rule that lets a leg pass or refuses the entry."""

    def validate(self, case: EntryCase, leg: PricedLeg) -> Finding:
        """What it found."""
        ...


class PriceSanity:
    """Bid, ask and the order's own prices are near the last trade, and bid and ask near each other."""

    def validate(self, case: EntryCase, leg: PricedLeg) -> Finding:
        """PRICE_SANITY. Without a last trade, the middle of bid and ask takes its place."""
        rules, quote = case.world.rules, leg.quote
        bid, ask, last = quote.bid, quote.ask, quote.last
        middle = (bid + ask) / 2 if bid is not None and ask is not None else None
        spread = (ask - bid) / middle if bid is not None and ask is not None and middle else None
        centre = last if last is not None and last > 0 else middle
        prices = [market_price(quote, leg.side), leg.facts.limit_price, leg.facts.stop_price]
        far = [abs(price / centre - 1) for price in prices if price is not None] if centre else []
        sane = centre is not None and max(far, default=ZERO) <= rules.price_deviation
        sane = sane and (spread is None or 0 <= spread <= rules.spread)
        figures = {
            "leg": leg.index,
            "spread": text(spread),
            "deviation": text(max(far, default=None)),
            "most_spread": text(rules.spread),
            "most_deviation": text(rules.price_deviation),
        }
        return Finding(limit="price_sanity", reason=None if sane else DecisionReason.PRICE_SANITY, figures=figures)


class ProtectionSide:
    """A stop that would close at once, or a target already reached, is a mistake."""

    def validate(self, case: EntryCase, leg: PricedLeg) -> Finding:
        """BAD_PROTECTION."""
        way = sign(leg.side)
        stop, target = leg.facts.stop_loss, leg.facts.take_profit
        wrong = stop is not None and way * (leg.price - stop) <= 0
        wrong = wrong or (target is not None and way * (target - leg.price) <= 0)
        figures = {"leg": leg.index, "stop_loss": text(stop), "take_profit": text(target)}
        return Finding(limit="protection", reason=DecisionReason.BAD_PROTECTION if wrong else None, figures=figures)


class SlippageLimit:
    """How much of the trade's expected alpha the market has taken since the signal."""

    def validate(self, case: EntryCase, legs: Sequence[PricedLeg], wanted: Mapping[int, Decimal]) -> Finding:
        """DROPPED_SLIPPAGE above the limit, exactly at it is kept; ALPHA_UNKNOWN where the policy says to drop."""
        alpha, policy = case.strategy.expected_alpha, case.strategy.alpha_policy
        lines = [line for together in _together(legs) for line in _lines(together, wanted)]
        weight = sum((notional for _, notional in lines), ZERO)
        figures: dict[str, Any] = {"expected_alpha": text(alpha), "policy": policy.value}
        figures["most_share"] = text(case.world.rules.slippage_share)
        if alpha is None or alpha <= 0 or not weight or any(slip is None for slip, _ in lines):
            dropped = policy is AlphaPolicy.DROP
            figures |= {"slippage": None, "share": None}
            return Finding(limit="slippage", reason=DecisionReason.ALPHA_UNKNOWN if dropped else None, figures=figures)
        slippage = sum((slip * notional for slip, notional in lines if slip is not None), ZERO) / weight
        share = slippage / alpha
        lost = share > case.world.rules.slippage_share
        figures |= {"slippage": text(slippage), "share": text(share)}
        return Finding(limit="slippage", reason=DecisionReason.DROPPED_SLIPPAGE if lost else None, figures=figures)


def _together(legs: Sequence[PricedLeg]) -> Iterator[list[PricedLeg]]:
    """Options whose one reference is the price of their combination; every other leg alone."""
    combined: dict[int, list[PricedLeg]] = {}
    for leg in legs:
        facts = leg.facts
        if facts.combination is not None and facts.net_price is not None and facts.reference_price is None:
            combined.setdefault(facts.combination, []).append(leg)
        else:
            yield [leg]
    yield from combined.values()


def _lines(legs: list[PricedLeg], wanted: Mapping[int, Decimal]) -> Iterator[tuple[Decimal | None, Decimal]]:
    """Slippage (None: no reference) and notional."""
    if len(legs) > 1 or legs[0].facts.net_price is not None:
        yield _combination(legs, wanted)
        return
    leg = legs[0]
    reference, paid = _reference(leg), _paid(leg)
    notional = wanted[leg.index] * leg.unit_notional
    if reference is None or reference <= 0 or paid is None:
        yield None, notional
    else:
        yield sign(leg.side) * (paid - reference) / reference, notional


def _combination(legs: list[PricedLeg], wanted: Mapping[int, Decimal]) -> tuple[Decimal | None, Decimal]:
    """A combination against its net price, whose sign is that of what it costs now. A limit cannot slip."""
    ratio = [Decimal(leg.facts.ratio or 1) for leg in legs]
    costs = sum((sign(leg.side) * share * leg.price for leg, share in zip(legs, ratio, strict=True)), ZERO)
    net = abs(legs[0].facts.net_price or ZERO)
    notional = abs(costs) * legs[0].terms.multiplier * legs[0].fx * wanted[legs[0].index] / ratio[0]
    if legs[0].facts.order_type in _LIMITED:
        return ZERO, notional
    if not net or not costs:
        return None, notional
    return (costs - net.copy_sign(costs)) / net, notional


def _reference(leg: PricedLeg) -> Decimal | None:
    facts = leg.facts
    if facts.order_type in (OrderType.STOP, OrderType.STOP_LIMIT):
        return facts.stop_price
    if facts.order_type is OrderType.LIMIT and facts.reference_price is None:
        return facts.limit_price
    return facts.reference_price


def _paid(leg: PricedLeg) -> Decimal | None:
    """What the order is likely to pay: the market, from its trigger on, within its limit."""
    facts, paid = leg.facts, market_price(leg.quote, leg.side)
    if paid is None:
        return None
    worse, better = (max, min) if leg.side is Side.BUY else (min, max)
    if facts.order_type in (OrderType.STOP, OrderType.STOP_LIMIT) and facts.stop_price is not None:
        paid = worse(paid, facts.stop_price)
    if facts.order_type in _LIMITED and facts.limit_price is not None:
        paid = better(paid, facts.limit_price)
    return paid


LEG_LIMITS: tuple[LegLimit, ...] = (PriceSanity(), ProtectionSide())
