"""What a paper account is worth and binds: its broker's own arithmetic, on purpose not ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Context, Decimal

from fund_pipeline.errors import InputError
from fund_pipeline.execution.brokers.paper.book import Holding, held_quotes, holding_in, holdings, read_cash, read_quote
from fund_pipeline.execution.brokers.paper.terms import PaperTerms, settles_in_full
from fund_pipeline.execution.port import OrderRequest, Quote
from fund_pipeline.terms import Side

_ZERO = Decimal(0)
_CENT = Decimal("0.01")
_EXACT = Context(prec=100)
_PAIRS = "FOREX:"
"""Quotes that other positions are converted with."""

_NOTING = """
CREATE TEMP TABLE changed (instrument_key TEXT PRIMARY KEY);
CREATE TEMP TRIGGER held AFTER INSERT ON main.positions BEGIN
    INSERT OR IGNORE INTO changed VALUES (NEW.instrument_key); END;
CREATE TEMP TRIGGER moved AFTER UPDATE ON main.positions BEGIN
    INSERT OR IGNORE INTO changed VALUES (NEW.instrument_key); END;
CREATE TEMP TRIGGER left AFTER DELETE ON main.positions BEGIN
    INSERT OR IGNORE INTO changed VALUES (OLD.instrument_key); END;
CREATE TEMP TRIGGER quoted AFTER INSERT ON main.quotes BEGIN
    INSERT OR IGNORE INTO changed VALUES (NEW.instrument_key); END;
"""
"""Quotes are replaced and never taken back."""


@dataclass(frozen=True)
class Worth:
    """In the account's currency, to the cent; `by_currency` is cash without gain and loss that are not realised."""

    equity: Decimal
    cash: Decimal
    margin_used: Decimal
    unrealised: Decimal
    by_currency: Mapping[str, Decimal]


@dataclass(frozen=True)
class Marked:
    """A position, and the middle of its instrument's quote; None where there is none."""

    holding: Holding
    price: Decimal | None


@dataclass(frozen=True)
class _Part:
    """What one position adds, in the account's currency, but for `paid`, which is in its own."""

    value: Decimal
    gain: Decimal
    margin: Decimal
    paid: Decimal
    currency: str
    is_marked: bool


class _Parts:
    """Parts by instrument, and their sums, which are exact: whatever is taken away leaves what was there before."""

    def __init__(self) -> None:
        self._by_key: dict[str, _Part] = {}
        self.value = self.gain = self.margin = self.marked = _ZERO
        self.paid: dict[str, Decimal] = {}

    def put(self, key: str, part: _Part | None) -> None:
        """What a position adds now; None for one that is flat."""
        before = self._by_key.pop(key, None)
        if before is not None:
            self._count(before, _EXACT.subtract)
        if part is not None:
            self._by_key[key] = part
            self._count(part, _EXACT.add)

    def _count(self, part: _Part, change: Callable[[Decimal, Decimal], Decimal]) -> None:
        self.value = change(self.value, part.value)
        self.gain = change(self.gain, part.gain)
        self.margin = change(self.margin, part.margin)
        if part.is_marked:
            self.marked = change(self.marked, part.value)
            self.paid[part.currency] = change(self.paid.get(part.currency, _ZERO), part.paid)


class Valuation:
    """What the account behind a connection is worth, within its transactions.

    Only positions whose quantity or price has changed are reckoned anew: an account may hold thousands, and each order
    is asked for its margin. What this connection changes is noted by triggers of its own.
    """

    def __init__(self, connection: sqlite3.Connection, terms: PaperTerms) -> None:
        connection.executescript(_NOTING)
        self._connection = connection
        self._terms = terms
        self._version: int | None = None
        self._marked: dict[str, Marked] = {}
        self._parts = _Parts()
        self._stale: set[str] | None = None  # whose parts are to be reckoned anew; None: all

    def forget(self) -> None:
        """Look at all of it anew next time: a transaction was rolled back."""
        self._version = None

    def positions(self) -> Mapping[str, Marked]:
        """What the account holds, by instrument."""
        self._look()
        return {key: self._marked[key] for key in sorted(self._marked)}

    def worth(self) -> Worth:
        """The account as it is. InputError without a quote of a currency that it holds."""
        self._look()
        self._reckon()
        parts, by_currency = self._parts, read_cash(self._connection)
        cash = sum((amount * self._rate(money) for money, amount in by_currency.items()), _ZERO)
        for money, paid in parts.paid.items():
            if paid or money in by_currency:
                by_currency[money] = by_currency.get(money, _ZERO) + paid
        return Worth(
            equity=(cash + parts.value).quantize(_CENT),
            cash=(cash + parts.marked).quantize(_CENT),  # of what is marked to market, only gain and loss are money
            margin_used=parts.margin.quantize(_CENT),
            unrealised=parts.gain.quantize(_CENT),
            by_currency=by_currency,
        )

    def margin_added(self, request: OrderRequest) -> tuple[Decimal, Worth]:
        """The margin that an order would add once it filled, and the account with it: equity stays, margin moves."""
        now = self.worth()
        key, quote = request.instrument_key, read_quote(self._connection, request.instrument_key)
        held = holding_in(self._connection, key) or Holding(
            key, request.asset_class, _ZERO, _ZERO, request.multiplier, request.currency
        )
        signed = request.quantity if request.side is Side.BUY else -request.quantity
        then = held.after(signed, expected_price(request, quote))
        to_account = self._rate(held.currency)
        before, after = (
            _bound(self._terms, one, one.average_price if quote is None else middle(quote), to_account)
            for one in (held, then)
        )
        added = (after - before).quantize(_CENT)
        return added, replace(now, margin_used=now.margin_used + added)

    def _rate(self, currency: str) -> Decimal:
        return rate(self._connection, self._terms, currency)

    def _look(self) -> None:
        changed = [row[0] for row in self._connection.execute("SELECT instrument_key FROM changed")]
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()  # moved by others' changes
        if version != self._version:
            prices, held = market_prices(self._connection), holdings(self._connection)
            self._marked = {key: Marked(one, prices.get(key)) for key, one in held.items()}
            self._version, self._stale = version, None
        else:
            for key in changed:
                self._look_at(key)
            if any(key.startswith(_PAIRS) for key in changed):
                self._stale = None
            if self._stale is not None:
                self._stale.update(changed)
        self._connection.execute("DELETE FROM changed")

    def _look_at(self, key: str) -> None:
        held, quote = holding_in(self._connection, key), read_quote(self._connection, key)
        self._marked.pop(key, None)
        if held is not None:
            self._marked[key] = Marked(held, None if quote is None else middle(quote))

    def _reckon(self) -> None:
        keys, self._parts = (self._marked, _Parts()) if self._stale is None else (self._stale, self._parts)
        self._stale = None
        for key in keys:
            one = self._marked.get(key)
            self._parts.put(key, None if one is None else self._part(one))
        self._stale = set()

    def _part(self, marked: Marked) -> _Part:
        one, to_account = marked.holding, self._rate(marked.holding.currency)
        price = one.average_price if marked.price is None else marked.price
        value = one.quantity * price * one.multiplier * to_account
        paid = one.quantity * one.average_price * one.multiplier
        margin = _bound(self._terms, one, price, to_account)
        is_marked = not settles_in_full(one.asset_class)
        return _Part(value, value - paid * to_account, margin, paid, one.currency, is_marked)


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
