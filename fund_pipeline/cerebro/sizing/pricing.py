"""The price that a leg is sized with: the most that its order can pay, or the most notional it can open."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from fund_pipeline.cerebro.sizing.arithmetic import ZERO, on_tick, opposite, text
from fund_pipeline.cerebro.sizing.facts import FundFacts, Quote, Terms
from fund_pipeline.cerebro.sizing.reasons import DecisionReason
from fund_pipeline.cerebro.sizing.refused import Refused
from fund_pipeline.cerebro.sizing.rules import SizingRules
from fund_pipeline.cerebro.sizing.signal_facts import LegFacts
from fund_pipeline.cerebro.sizing.world import World
from fund_pipeline.terms import AssetClass, OrderType, Side


@dataclass(frozen=True, kw_only=True)
class PricedLeg:
    """An opening leg with all that its size needs.

    Attributes
    ----------
    index : of the leg in its signal.
    quantity : in the sender's units; None where its mode needs none.
    price : > 0 (0 only for an option without a bid that is sold), in `terms.currency`.
    fx : rate from there to the fund's currency.
    """

    index: int
    facts: LegFacts
    key: str
    asset_class: AssetClass
    side: Side
    quantity: Decimal | None
    terms: Terms
    quote: Quote
    price: Decimal
    fx: Decimal

    @property
    def unit_notional(self) -> Decimal:
        """Notional of one unit of quantity, in the fund's currency."""
        return self.price * self.terms.multiplier * self.fx

    def as_figures(self) -> dict[str, Any]:
        """Its figures, as a decision records them."""
        return {
            "leg": self.index,
            "instrument": self.key,
            "asset_class": self.asset_class.value,
            "side": self.side.value,
            "sender_quantity": text(self.quantity),
            "price": text(self.price),
            "quote": quote_figures(self.quote),
            "multiplier": text(self.terms.multiplier),
            "currency": self.terms.currency,
            "fx": text(self.fx),
            "lot_step": text(self.terms.lot_step),
            "minimum": text(self.terms.minimum),
        }


def priced(index: int, leg: LegFacts, fund: FundFacts, world: World) -> PricedLeg:
    """The leg with price, terms and rate. Refused where one of them is missing or too old."""
    if leg.key is None or leg.asset_class is None or leg.side is None:
        raise Refused(DecisionReason.INCOMPLETE, {"leg": index})
    key, asset_class, side = leg.key, leg.asset_class, leg.side
    shown = {"leg": index, "instrument": key}
    terms = world.terms.get(key)
    if terms is None or min(terms.lot_step, terms.multiplier) <= 0:
        raise Refused(DecisionReason.NO_TERMS, shown)
    sells = side is Side.SELL
    leg = replace(
        leg,
        limit_price=on_tick(leg.limit_price, terms.tick, up=sells),
        stop_price=on_tick(leg.stop_price, terms.tick, up=not sells),
    )
    quote = fresh_quote(key, world)
    price = sizing_price(leg, side, quote)
    least_is_zero = asset_class is AssetClass.OPTION and sells
    if price is None or price < 0 or (price == 0 and not least_is_zero):
        raise Refused(DecisionReason.NO_PRICE, shown | {"quote": quote_figures(quote)})
    fx = world.rate(terms.currency, fund.currency)
    if fx is None:
        raise Refused(DecisionReason.NO_FX_RATE, shown | {"from": terms.currency, "to": fund.currency})
    return PricedLeg(
        index=index,
        facts=leg,
        key=key,
        asset_class=asset_class,
        side=side,
        quantity=leg.quantity,
        terms=terms,
        quote=quote,
        price=price,
        fx=fx,
    )


def fresh_quote(key: str, world: World) -> Quote:
    """The instrument's quote. Refused: NO_PRICE where there is none, STALE_QUOTE where it is too old."""
    quote = world.quotes.get(key)
    if quote is None:
        raise Refused(DecisionReason.NO_PRICE, {"instrument": key})
    if is_stale(quote.age_seconds, world.rules.quote_age_seconds, world.rules):
        limit = world.rules.quote_age_seconds
        shown = {"instrument": key, "quote": quote_figures(quote), "limit_seconds": limit}
        raise Refused(DecisionReason.STALE_QUOTE, shown)
    return numbers_only(quote)


def numbers_only(quote: Quote) -> Quote:
    """The quote without NaN and infinity, which some feeds send for "none"."""
    if all(price is None or price.is_finite() for price in (quote.bid, quote.ask, quote.last)):
        return quote
    return replace(quote, bid=_number(quote.bid), ask=_number(quote.ask), last=_number(quote.last))


def _number(price: Decimal | None) -> Decimal | None:
    return price if price is not None and price.is_finite() else None


def is_stale(age_seconds: float, limit: float, rules: SizingRules) -> bool:
    """Whether something of that age is too old, or further in the future than clocks differ. NaN is."""
    return not -rules.ahead_seconds <= age_seconds <= limit


def market_price(quote: Quote, side: Side) -> Decimal | None:
    """What the market asks of that side now: the ask for a buy, the bid for a sell."""
    return quote.ask if side is Side.BUY else quote.bid


def sizing_price(leg: LegFacts, side: Side, quote: Quote) -> Decimal | None:
    """The price to size with; None where the quote lacks its side.

    A buy pays its limit at most, a stop pays its trigger at least. A sale is at the bid, or at its price above that,
    so that the notional is not reckoned too small.
    """
    market = market_price(quote, side)
    if market is None:
        return None
    if leg.order_type in (OrderType.LIMIT, OrderType.STOP_LIMIT) and leg.limit_price is not None:
        return leg.limit_price if side is Side.BUY else max(market, leg.limit_price)
    if leg.order_type is OrderType.STOP and leg.stop_price is not None:
        return max(market, leg.stop_price)
    return market


def mark(quote: Quote | None, quantity: Decimal, average_price: Decimal) -> Decimal:
    """The price that an open position is valued at: what closing it would cost, else the last trade, else its own."""
    if quote is None:
        return average_price
    quote, side = numbers_only(quote), Side.SELL if quantity > 0 else Side.BUY
    found = market_price(quote, side) or quote.last or market_price(quote, opposite(side))
    return found if found is not None and found > ZERO else average_price


def quote_figures(quote: Quote) -> dict[str, Any]:
    """A quote as figures."""
    return {
        "bid": text(quote.bid),
        "ask": text(quote.ask),
        "last": text(quote.last),
        "age_seconds": quote.age_seconds,
    }
