"""What a paper account is worth and binds: its broker's own arithmetic, on purpose not ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from fund_pipeline.errors import InputError
from fund_pipeline.execution.brokers.paper.book import Holding, held_quotes, holding_in, holdings, read_cash, read_quote
from fund_pipeline.execution.brokers.paper.terms import PaperTerms, settles_in_full
from fund_pipeline.execution.port import OrderRequest, Quote
from fund_pipeline.terms import Side

_ZERO = Decimal(0)
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Worth:
    """In the account's currency, to the cent; `by_currency` is cash without gain and loss that are not realised."""

    equity: Decimal
    cash: Decimal
    margin_used: Decimal
    unrealised: Decimal
    by_currency: Mapping[str, Decimal]


def worth(connection: sqlite3.Connection, terms: PaperTerms) -> Worth:
    """The account as it is."""
    held, prices = holdings(connection), market_prices(connection)
    by_currency = read_cash(connection)
    cash = sum((amount * rate(connection, terms, money) for money, amount in by_currency.items()), _ZERO)
    equity, unrealised, margin = cash, _ZERO, _ZERO
    for one in held.values():
        price, to_account = prices.get(one.instrument_key, one.average_price), rate(connection, terms, one.currency)
        value = one.quantity * price * one.multiplier * to_account
        paid = one.quantity * one.average_price * one.multiplier
        equity += value
        unrealised += value - paid * to_account
        if not settles_in_full(one.asset_class):
            cash += value  # marked to market: only gain and loss are money
            by_currency[one.currency] = by_currency.get(one.currency, _ZERO) + paid
        margin += _bound(terms, one, price, to_account)
    return Worth(
        equity.quantize(_CENT), cash.quantize(_CENT), margin.quantize(_CENT), unrealised.quantize(_CENT), by_currency
    )


def margin_added(connection: sqlite3.Connection, terms: PaperTerms, request: OrderRequest) -> tuple[Decimal, Worth]:
    """The margin that an order would add once it filled, and the account with it: equity stays, margin moves."""
    now = worth(connection, terms)
    key, quote = request.instrument_key, read_quote(connection, request.instrument_key)
    held = holding_in(connection, key) or Holding(
        key, request.asset_class, _ZERO, _ZERO, request.multiplier, request.currency
    )
    signed = request.quantity if request.side is Side.BUY else -request.quantity
    then = held.after(signed, expected_price(request, quote))
    to_account = rate(connection, terms, held.currency)
    before, after = (
        _bound(terms, one, one.average_price if quote is None else middle(quote), to_account) for one in (held, then)
    )
    added = (after - before).quantize(_CENT)
    return added, replace(now, margin_used=now.margin_used + added)


def _bound(terms: PaperTerms, one: Holding, price: Decimal, to_account: Decimal) -> Decimal:
    return terms.margin(one.asset_class, one.quantity, price, one.multiplier) * to_account


def expected_price(request: OrderRequest, quote: Quote | None) -> Decimal:
    """The price that an order is reckoned at before it fills; 0 where there is none yet."""
    if quote is not None:
        return quote.ask if request.side is Side.BUY else quote.bid
    return request.limit_price or request.stop_price or _ZERO


def market_prices(connection: sqlite3.Connection) -> dict[str, Decimal]:
    """The middle of the quote of each instrument that is held and has one."""
    return {key: middle(quote) for key, quote in held_quotes(connection).items()}


def middle(quote: Quote) -> Decimal:
    """Half way from bid to ask."""
    return (quote.bid + quote.ask) / 2


def rate(connection: sqlite3.Connection, terms: PaperTerms, currency: str) -> Decimal:
    """Units of the account's currency for one of another. InputError without a quote of that pair."""
    if currency == terms.currency:
        return Decimal(1)
    direct = read_quote(connection, f"FOREX:{currency}{terms.currency}")
    if direct is not None:
        return middle(direct)
    inverse = read_quote(connection, f"FOREX:{terms.currency}{currency}")
    if inverse is not None:
        return 2 / (inverse.bid + inverse.ask)
    raise InputError(
        f"there is no quote of {currency} in {terms.currency}", remedy=f"set one of FOREX:{currency}{terms.currency}"
    )
