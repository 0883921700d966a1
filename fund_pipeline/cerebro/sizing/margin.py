"""Margin of a size in an account: the broker's own figure where it offers one, else a model per asset class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from fund_pipeline.cerebro.sizing.arithmetic import ZERO, sign
from fund_pipeline.cerebro.sizing.facts import AccountFacts
from fund_pipeline.cerebro.sizing.options_margin import OptionLine, options_margin
from fund_pipeline.cerebro.sizing.pricing import PricedLeg, is_stale
from fund_pipeline.cerebro.sizing.reasons import DecisionReason
from fund_pipeline.cerebro.sizing.refused import Refused
from fund_pipeline.cerebro.sizing.world import World
from fund_pipeline.terms import AssetClass


def margin_of(
    legs: Sequence[PricedLeg], quantities: Mapping[int, Decimal], account: AccountFacts, world: World
) -> Mapping[int, Decimal]:
    """Margin of each leg's quantity, in the account's currency. That of options opened together is on the first.

    It grows in proportion, so that margins of a unit can be multiplied. Refused (NO_MARGIN_RATE, NO_FX_RATE).
    """
    found: dict[int, Decimal] = {}
    options: dict[str | None, list[PricedLeg]] = {}
    for leg in legs:
        stated = account.margin_per_unit.get(leg.key)
        if stated is not None and stated >= 0:
            found[leg.index] = stated * quantities[leg.index]
        elif leg.asset_class is AssetClass.OPTION:
            options.setdefault(leg.terms.underlying, []).append(leg)
        else:
            rate = _rate(leg.terms.currency, account, world)
            found[leg.index] = _each(leg, world) * quantities[leg.index] * rate
    for underlying, together in options.items():
        rate = _rate(together[0].terms.currency, account, world)
        margin = options_margin([_line(leg, quantities[leg.index]) for leg in together], _price(underlying, world))
        if margin is None:
            raise Refused(DecisionReason.NO_MARGIN_RATE, {"underlying": underlying})
        found |= {leg.index: ZERO for leg in together} | {together[0].index: margin * rate}
    return found


def _each(leg: PricedLeg, world: World) -> Decimal:
    if leg.asset_class is AssetClass.FUTURE:
        margin = leg.terms.margin_per_contract
        if margin is None or margin <= 0:
            raise Refused(DecisionReason.NO_MARGIN_RATE, {"leg": leg.index, "instrument": leg.key})
        return margin
    share = world.rules.margin_rates.get(leg.asset_class)
    if share is None:
        raise Refused(DecisionReason.NO_MARGIN_RATE, {"leg": leg.index, "instrument": leg.key})
    return share * leg.price * leg.terms.multiplier


def _line(leg: PricedLeg, quantity: Decimal) -> OptionLine:
    terms = leg.terms
    strike, right, expiry = leg.facts.strike or terms.strike, leg.facts.right or terms.right, terms.expiry
    expiry = f"{leg.facts.expiry:%Y%m%d}" if leg.facts.expiry else expiry
    if strike is None or right is None or expiry is None:
        raise Refused(DecisionReason.NO_TERMS, {"leg": leg.index, "instrument": leg.key})
    return OptionLine(
        right=right,
        strike=strike,
        expiry=expiry,
        quantity=sign(leg.side) * quantity,
        price=leg.price,
        multiplier=terms.multiplier,
    )


def _price(underlying: str | None, world: World) -> Decimal | None:
    quote = world.quotes.get(underlying) if underlying is not None else None
    if quote is None or is_stale(quote.age_seconds, world.rules.quote_age_seconds, world.rules):
        return None
    if quote.last is not None and quote.last > 0:
        return quote.last
    return (quote.bid + quote.ask) / 2 if quote.bid is not None and quote.ask is not None else None


def _rate(currency: str, account: AccountFacts, world: World) -> Decimal:
    rate = world.rate(currency, account.currency)
    if rate is None:
        raise Refused(DecisionReason.NO_FX_RATE, {"from": currency, "to": account.currency})
    return rate
