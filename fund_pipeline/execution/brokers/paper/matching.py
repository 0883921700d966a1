"""At which price an order fills against a quote. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from fund_pipeline.execution.port import OrderRequest, Quote
from fund_pipeline.terms import OrderType, Side

_BPS = Decimal(10_000)
_PLACES = Decimal("0.00000001")


@dataclass(frozen=True)
class Match:
    """The price of a fill, None for none; and whether the order's stop has been touched by now."""

    price: Decimal | None
    triggered: bool


def match(request: OrderRequest, quote: Quote, slippage_bps: Decimal, *, triggered: bool) -> Match:
    """What a quote does to a working order.

    A buy takes the ask, a sell the bid, worsened by the slippage, which never goes past a limit. A stop is touched by
    the side that it would take; from then on it is a market order, or a limit order for a stop-limit.
    """
    buys = request.side is Side.BUY
    taken = quote.ask if buys else quote.bid
    if request.order_type in (OrderType.STOP, OrderType.STOP_LIMIT) and not triggered:
        stop = request.stop_price
        triggered = stop is not None and (taken >= stop if buys else taken <= stop)
        if not triggered:
            return Match(None, triggered)
    slipped = taken * (1 + slippage_bps / _BPS) if buys else taken * (1 - slippage_bps / _BPS)
    price = slipped.quantize(_PLACES, rounding=ROUND_HALF_EVEN).normalize()
    limit = request.limit_price
    if request.order_type in (OrderType.MARKET, OrderType.STOP) or limit is None:
        return Match(price, triggered)
    if taken > limit if buys else taken < limit:
        return Match(None, triggered)
    return Match(min(price, limit) if buys else max(price, limit), triggered)


def size_for(side: Side, quote: Quote) -> Decimal | None:
    """How much a quote offers to an order of that side; None for as much as it likes."""
    return quote.ask_size if side is Side.BUY else quote.bid_size
