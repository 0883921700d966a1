"""The paper broker: takes orders, fills them against quotes, and keeps its own books, like a stranger."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from fund_pipeline.errors import InputError, TemporaryError
from fund_pipeline.execution.brokers.paper import book, correcting, filling
from fund_pipeline.execution.brokers.paper.book import PaperOrder, PaperState, Which
from fund_pipeline.execution.brokers.paper.faults import Fault, FaultKind, add_fault, take_fault
from fund_pipeline.execution.brokers.paper.store import Store, to_text
from fund_pipeline.execution.brokers.paper.terms import PaperTerms
from fund_pipeline.execution.brokers.paper.valuation import Valuation
from fund_pipeline.execution.port import (
    AccountState,
    Acknowledged,
    BrokerExecution,
    BrokerOrder,
    BrokerPosition,
    OrderRequest,
    Quote,
    RefusalCode,
    Rejected,
)
from fund_pipeline.terms import OrderType


class PaperBroker:
    """One paper account. It implements `Broker`; a process may open it while others have it open.

    Time passes when it is looked at: each call first lets late submissions arrive and old orders expire, by `clock`
    (UTC). Market orders fill when they arrive, against the quote there is, or wait for one; limits and stops fill when
    a quote reaches them (`set_quote`).
    """

    is_live = False

    def __init__(self, path: Path, clock: Callable[[], datetime], terms: PaperTerms | None = None) -> None:
        """Open the account in a file, made with `terms` if it is not there; one that is there keeps its own."""
        self._store = Store(path)
        self._clock = clock
        self._name = path.stem
        try:
            self._terms = self._open_with(terms or PaperTerms())
            self._valuation = Valuation(self._store.connection, self._terms)
        except BaseException:
            self._store.close()
            raise

    @property
    def has_oca(self) -> bool:
        """Whether it reduces the others of a group when one fills: as its terms say."""
        return self._terms.has_oca

    @property
    def terms(self) -> PaperTerms:
        """The terms it was made with."""
        return self._terms

    def submit(self, request: OrderRequest) -> Acknowledged | Rejected:
        """Place an order; an id that was ever used is refused as DUPLICATE_ID."""
        with self._call("submit") as (db, fault, now):
            if book.find_orders(db, Which.EVER_OF_ID, request.client_order_id):
                return Rejected(RefusalCode.DUPLICATE_ID, f"there is an order {request.client_order_id} already")
            refused = self._refusal(db, request, fault)
            if refused is not None:
                return refused
            late = fault is not None and fault.kind is FaultKind.LATE
            arrives_at = now + timedelta(seconds=fault.seconds) if fault is not None and late else now
            state = PaperState.ON_ITS_WAY if late else PaperState.WORKING
            order = book.add_order(db, request, state, "", arrives_at)
            if not late:
                filling.fill(db, self._terms, self._name, order, now)
            return Acknowledged(f"P{order.number}", now)

    def cancel(self, client_order_id: str) -> Acknowledged | Rejected:
        """Cancel at once, if it still works."""
        with self._call("cancel") as (db, fault, now):
            order = _working(db, client_order_id)
            if isinstance(order, Rejected):
                return order
            if fault is not None and fault.kind is FaultKind.REJECT:
                return Rejected(fault.code, "refused on demand")
            book.put_order(db, replace(order, state=PaperState.CANCELLED, message="cancelled by its owner"))
            return Acknowledged(f"P{order.number}", now)

    def modify(
        self, client_order_id: str, quantity: Decimal, limit_price: Decimal | None, stop_price: Decimal | None
    ) -> Acknowledged | Rejected:
        """Change a working order, which may fill by that."""
        with self._call("modify") as (db, fault, now):
            order = _working(db, client_order_id)
            if isinstance(order, Rejected):
                return order
            if fault is not None and fault.kind is FaultKind.REJECT:
                return Rejected(fault.code, "refused on demand")
            if quantity <= order.filled:
                return Rejected(RefusalCode.TOO_LATE, f"{order.filled} are filled already")
            request = replace(order.request, quantity=quantity, limit_price=limit_price, stop_price=stop_price)
            changed = replace(order, request=request, quantity=quantity)
            book.put_order(db, changed)
            filling.fill(db, self._terms, self._name, changed, now)
            return Acknowledged(f"P{order.number}", now)

    def find(self, client_order_id: str) -> BrokerOrder | None:
        """The order of that id; it keeps all it ever had, so that None is certain."""
        with self._call("find") as (db, _, _now):
            found = book.find_orders(db, Which.HERE_OF_ID, client_order_id)
            return found[0].told() if found else None

    def open_orders(self) -> tuple[BrokerOrder, ...]:
        """All working orders."""
        with self._call("open_orders") as (db, _, _now):
            return tuple(order.told() for order in book.find_orders(db, Which.WORKING))

    def executions(self, since: datetime) -> Iterator[BrokerExecution]:
        """All fills since a moment that it tells of, a page at a time."""
        after: int | None = 0
        while after is not None:
            with self._call("executions") as (db, fault, now):
                found, after = book.find_executions(db, since, now, after)
            yield from found
            if fault is not None and fault.kind is FaultKind.TWICE:
                yield from found

    def account_state(self) -> AccountState:
        """Equity, cash and margin now."""
        with self._call("account_state") as (_db, _, now):
            found = self._valuation.worth()
            return AccountState(
                equity=found.equity,
                cash=found.cash,
                margin_used=found.margin_used,
                currency=self._terms.currency,
                as_of=now,
                cash_by_currency=found.by_currency,
                unrealised_pnl=found.unrealised,
            )

    def positions(self) -> tuple[BrokerPosition, ...]:
        """What the account holds."""
        with self._call("positions"):
            return tuple(
                BrokerPosition(
                    instrument_key=key,
                    quantity=one.holding.quantity,
                    average_price=one.holding.average_price,
                    market_price=one.price,
                    multiplier=one.holding.multiplier,
                    currency=one.holding.currency,
                )
                for key, one in self._valuation.positions().items()
            )

    def quote(self, instrument_key: str) -> Quote | None:
        """The quote that was set last."""
        with self._call("quote") as (db, _, _now):
            return book.read_quote(db, instrument_key)

    def what_if(self, request: OrderRequest) -> Decimal | None:
        """The margin that an order would add, never below zero."""
        with self._call("what_if"):
            return max(self._valuation.margin_added(request)[0], Decimal(0))

    def set_quote(self, instrument_key: str, quote: Quote) -> None:
        """Move the market in one instrument: what the quote reaches fills."""
        self.set_quotes({instrument_key: quote})

    def set_price(self, instrument_key: str, price: Decimal) -> None:
        """The same with a quote as wide as the terms say, round one price, as of now."""
        self.set_prices({instrument_key: price})

    def set_prices(self, prices: Mapping[str, Decimal]) -> None:
        """The same in many instruments at once."""
        now = self._clock()
        self.set_quotes({key: self._round(price, now) for key, price in prices.items()})

    def set_quotes(self, quotes: Mapping[str, Quote]) -> None:
        """Move the market in many instruments at once."""
        with self._now() as (db, now):
            for instrument_key, quote in quotes.items():
                book.put_quote(db, instrument_key, quote)
                for order in book.find_orders(db, Which.WORKING_IN, instrument_key):
                    filling.fill(db, self._terms, self._name, order, now)

    def inject(self, fault: Fault) -> None:
        """Have something go wrong at the next such call, of any process."""
        with self._store.transaction() as db:
            add_fault(db, fault)

    def fill_anyway(self, client_order_id: str, quantity: Decimal, price: Decimal) -> None:
        """Fill an order whatever its state, as happens when a fill was on its way while it was cancelled."""
        with self._now() as (db, now):
            order = book.find_orders(db, Which.EVER_OF_ID, client_order_id)[0]
            filling.settle(db, self._terms, self._name, order, quantity, price, now)

    def trade_by_hand(self, request: OrderRequest, price: Decimal, *, reference: str | None = None) -> None:
        """A trade that came from elsewhere, such as a person at the broker's own screen."""
        with self._now() as (db, now):
            filling.trade(db, self._terms, self._name, request, request.quantity, price, now, reference)

    def remove_fill(self, execution_id: str) -> BrokerExecution:
        """Take a fill back as if it had never been, with its cash and position; its order keeps its state.

        InputError when there is no such fill.
        """
        with self._now() as (db, _now):
            return correcting.remove(db, execution_id)

    def alter_fill(self, execution_id: str, quantity: Decimal, price: Decimal) -> None:
        """Tell of a fill with other figures from now on, with the cash and position that come of them. InputError."""
        with self._now() as (db, _now):
            correcting.alter(db, execution_id, quantity, price)

    def charge_late(self, execution_id: str, commission: Decimal) -> None:
        """Tell of a fill with another commission from now on, and take the difference. InputError."""
        with self._now() as (db, _now):
            correcting.charge(db, execution_id, commission)

    def repeat_fill(self, execution_id: str) -> str:
        """Tell of a fill once more under another id, without anything having been traded; that id. InputError."""
        with self._now() as (db, now):
            return correcting.repeat(db, execution_id, now)

    def split(self, instrument_key: str, new: int, old: int) -> None:
        """Give `new` units for each `old` ones, at the same cost; prices move with it. InputError."""
        with self._now() as (db, _now):
            correcting.split(db, instrument_key, new, old)

    def move_cash(self, currency: str, amount: Decimal) -> None:
        """Pay money in, or out below zero, without a word: a deposit, a fee, a dividend."""
        with self._now() as (db, _now):
            book.add_cash(db, currency, amount)

    def lose_order(self, client_order_id: str) -> None:
        """Forget an order, as if it had never come. InputError."""
        with self._now() as (db, _now):
            correcting.lose(db, client_order_id)

    def close(self) -> None:
        """Give the file back."""
        self._store.close()

    def _round(self, price: Decimal, as_of: datetime) -> Quote:
        half = price * self._terms.spread_bps / 20_000
        bid, ask = (price - half).quantize(Decimal("0.00000001")), (price + half).quantize(Decimal("0.00000001"))
        return Quote(bid.normalize(), ask.normalize(), price, as_of)

    def _open_with(self, terms: PaperTerms) -> PaperTerms:
        with self._store.transaction() as db:
            made = terms.model_dump_json()
            if db.execute("INSERT OR IGNORE INTO terms VALUES (1, ?)", (made,)).rowcount == 1:
                book.add_cash(db, terms.currency, terms.cash)
            return PaperTerms.model_validate_json(db.execute("SELECT content FROM terms").fetchone()[0])

    @contextmanager
    def _now(self) -> Iterator[tuple[sqlite3.Connection, datetime]]:
        now = self._clock()
        with self._undone(), self._store.transaction() as db:
            for order in book.find_orders(db, Which.ARRIVED_BY, to_text(now)):
                arrived = replace(order, state=PaperState.WORKING)
                book.put_order(db, arrived)
                filling.fill(db, self._terms, self._name, arrived, now)
            for order in book.find_orders(db, Which.OVER_BY, to_text(now)):
                book.put_order(db, replace(order, state=PaperState.EXPIRED, message="its time is over"))
            yield db, now

    @contextmanager
    def _undone(self) -> Iterator[None]:
        """What was reckoned within a transaction that is rolled back is forgotten."""
        try:
            yield
        except BaseException:
            self._valuation.forget()
            raise

    @contextmanager
    def _call(self, name: str) -> Iterator[tuple[sqlite3.Connection, Fault | None, datetime]]:
        fault = self._take_fault(name)
        if fault is not None and fault.kind is FaultKind.AWAY:
            raise TemporaryError(f"the paper broker was told not to hear {name}", remedy="try again")
        with self._now() as (db, now):
            yield db, fault, now
        if fault is not None and fault.kind in (FaultKind.LOST_ANSWER, FaultKind.LATE):
            raise TemporaryError(f"the paper broker was told to lose its answer to {name}", remedy="try again")

    def _take_fault(self, call: str) -> Fault | None:
        if not self._store.has_faults():
            return None
        with self._store.transaction() as db:
            return take_fault(db, call)

    def _refusal(self, db: sqlite3.Connection, request: OrderRequest, fault: Fault | None) -> Rejected | None:
        refused = self._found_wrong(request)
        if fault is not None and fault.kind is FaultKind.REJECT:
            refused = Rejected(fault.code, "refused on demand")
        if refused is not None:
            book.add_order(db, request, PaperState.REJECTED, refused.message, self._clock())
        return refused

    def _found_wrong(self, request: OrderRequest) -> Rejected | None:
        needs_limit = request.order_type in (OrderType.LIMIT, OrderType.STOP_LIMIT) and request.combination is None
        needs_stop = request.order_type in (OrderType.STOP, OrderType.STOP_LIMIT)
        if request.quantity <= 0:
            return Rejected(RefusalCode.BAD_ORDER, f"a quantity of {request.quantity}")
        if (needs_limit and request.limit_price is None) or (needs_stop and request.stop_price is None):
            return Rejected(RefusalCode.BAD_ORDER, f"a {request.order_type.value} order without its price")
        try:
            added, after = self._valuation.margin_added(request)
        except InputError as unknown:
            return Rejected(RefusalCode.NOT_TRADABLE, unknown.message)
        if added > 0 and after.margin_used > after.equity:
            return Rejected(
                RefusalCode.MARGIN,
                f"margin {after.margin_used} would exceed equity {after.equity} {self._terms.currency}",
            )
        return None


def _working(db: sqlite3.Connection, client_order_id: str) -> PaperOrder | Rejected:
    found = book.find_orders(db, Which.HERE_OF_ID, client_order_id)
    if not found:
        return Rejected(RefusalCode.UNKNOWN_ORDER, f"there is no order {client_order_id}")
    if found[0].state is not PaperState.WORKING:
        return Rejected(RefusalCode.TOO_LATE, f"order {client_order_id} is {found[0].state.value}")
    return found[0]
