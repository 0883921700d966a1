"""The paper broker's orders, fills, positions and quotes, as rows of its file."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from pydantic import TypeAdapter

from fund_pipeline.execution.brokers.paper.store import to_moment, to_text
from fund_pipeline.execution.port import BrokerExecution, BrokerOrder, BrokerOrderState, OrderRequest, Quote
from fund_pipeline.terms import AssetClass, Side

_REQUEST = TypeAdapter(OrderRequest)


class PaperState(StrEnum):
    """The states of the port, and one of its own: a submission that has not arrived yet."""

    ON_ITS_WAY = "ON_ITS_WAY"
    WORKING = "WORKING"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True)
class PaperOrder:
    """An order as the paper broker keeps it. `quantity` may have become less than was asked for."""

    number: int
    request: OrderRequest
    state: PaperState
    quantity: Decimal
    filled: Decimal
    triggered: bool
    message: str
    arrives_at: datetime

    @property
    def remaining(self) -> Decimal:
        """What may still fill."""
        return max(self.quantity - self.filled, Decimal(0))

    def told(self) -> BrokerOrder:
        """As the port tells of it."""
        return BrokerOrder(
            broker_order_id=f"P{self.number}",
            client_order_id=self.request.client_order_id,
            state=BrokerOrderState(self.state.value),
            instrument_key=self.request.instrument_key,
            side=self.request.side,
            quantity=self.quantity,
            filled_quantity=self.filled,
            message=self.message,
        )


@dataclass(frozen=True)
class Holding:
    """A position of the whole account, at average cost."""

    instrument_key: str
    asset_class: AssetClass
    quantity: Decimal
    average_price: Decimal
    multiplier: Decimal
    currency: str

    def after(self, signed: Decimal, price: Decimal) -> Holding:
        """The holding after a fill of a signed quantity."""
        quantity = self.quantity + signed
        if self.quantity * signed >= 0 and quantity != 0:
            cost = self.average_price * self.quantity + price * signed
            return replace(self, quantity=quantity, average_price=cost / quantity)
        if quantity == 0:
            return replace(self, quantity=quantity, average_price=Decimal(0))
        crossed = (quantity > 0) is not (self.quantity > 0)
        return replace(self, quantity=quantity, average_price=price if crossed else self.average_price)


def add_order(
    connection: sqlite3.Connection, request: OrderRequest, state: PaperState, message: str, arrives_at: datetime
) -> PaperOrder:
    """Keep a new order."""
    good_until = None if request.good_until is None else to_text(request.good_until)
    inserted = connection.execute(
        "INSERT INTO orders (client_order_id, request, state, quantity, filled, triggered, message, oca_group, "
        "instrument_key, arrives_at, good_until) VALUES (?, ?, ?, ?, '0', 0, ?, ?, ?, ?, ?)",
        (
            request.client_order_id,
            _REQUEST.dump_json(request).decode(),
            state.value,
            str(request.quantity),
            message,
            request.oca_group,
            request.instrument_key,
            to_text(arrives_at),
            good_until,
        ),
    )
    number = int(inserted.lastrowid or 0)
    return PaperOrder(number, request, state, request.quantity, Decimal(0), False, message, arrives_at)


def put_order(connection: sqlite3.Connection, order: PaperOrder) -> None:
    """Keep an order as it is now."""
    connection.execute(
        "UPDATE orders SET request = ?, state = ?, quantity = ?, filled = ?, triggered = ?, message = ? "
        "WHERE number = ?",
        (
            _REQUEST.dump_json(order.request).decode(),
            order.state.value,
            str(order.quantity),
            str(order.filled),
            int(order.triggered),
            order.message,
            order.number,
        ),
    )


_LIVE = "SELECT * FROM orders INDEXED BY orders_working WHERE state IN ('WORKING', 'ON_ITS_WAY') AND"
"""By itself, SQLite looks at all that ever were, because they lie in the order that is asked for."""


class Which(StrEnum):
    """Which orders to find, as the whole statement; the first that came first."""

    ALL = "SELECT * FROM orders ORDER BY number"
    NUMBERED = "SELECT * FROM orders WHERE number = ?"
    EVER_OF_ID = "SELECT * FROM orders WHERE client_order_id = ?"
    HERE_OF_ID = "SELECT * FROM orders WHERE client_order_id = ? AND state <> 'ON_ITS_WAY'"
    WORKING = f"{_LIVE} state = 'WORKING' ORDER BY number"
    WORKING_IN = f"{_LIVE} state = 'WORKING' AND instrument_key = ? ORDER BY number"
    WORKING_OF_GROUP = "SELECT * FROM orders WHERE oca_group = ? AND state = 'WORKING' ORDER BY number"
    ARRIVED_BY = f"{_LIVE} state = 'ON_ITS_WAY' AND arrives_at <= ? ORDER BY number"
    OVER_BY = f"{_LIVE} state = 'WORKING' AND good_until <= ? ORDER BY number"


def find_orders(connection: sqlite3.Connection, which: Which, *values: object) -> list[PaperOrder]:
    """The orders asked for; `values` are what the statement leaves open."""
    return [_order(row) for row in connection.execute(which.value, values)]


def add_execution(connection: sqlite3.Connection, fill: BrokerExecution, told_at: datetime) -> None:
    """Keep a fill, to be told from a moment on."""
    connection.execute(
        "INSERT INTO executions (execution_id, client_order_id, instrument_key, side, quantity, price, commission, "
        "commission_currency, multiplier, currency, executed_at, told_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            fill.execution_id,
            fill.client_order_id,
            fill.instrument_key,
            fill.side.value,
            str(fill.quantity),
            str(fill.price),
            str(fill.commission),
            fill.commission_currency,
            str(fill.multiplier),
            fill.currency,
            to_text(fill.executed_at),
            to_text(told_at),
        ),
    )


PAGE = 500

_FIRST = "SELECT min(number) FROM executions INDEXED BY executions_at WHERE executed_at >= ?"
_FROM = "SELECT * FROM executions WHERE number >= ? AND executed_at >= ? AND told_at <= ? ORDER BY number LIMIT ?"


def find_executions(
    connection: sqlite3.Connection, since: datetime, now: datetime, after: int
) -> tuple[list[BrokerExecution], int | None]:
    """A page of the fills since a moment that may be told by now, in the order in which they came.

    Of those `after` a number, 0 for the first page; and the number of the last, None where there is no more.
    """
    began, by = to_text(since), to_text(now)
    (first,) = (after + 1,) if after else connection.execute(_FIRST, (began,)).fetchone()
    if first is None:
        return [], None
    rows = connection.execute(_FROM, (first, began, by, PAGE)).fetchall()
    return [_execution(row) for row in rows], rows[-1]["number"] if len(rows) == PAGE else None


def all_executions(connection: sqlite3.Connection) -> list[BrokerExecution]:
    """All fills that ever were, those that are not told yet too, in the order in which they came."""
    return [_execution(row) for row in connection.execute("SELECT * FROM executions ORDER BY number")]


def _execution(row: sqlite3.Row) -> BrokerExecution:
    return BrokerExecution(
        execution_id=row["execution_id"],
        client_order_id=row["client_order_id"],
        instrument_key=row["instrument_key"],
        side=Side(row["side"]),
        quantity=Decimal(row["quantity"]),
        price=Decimal(row["price"]),
        commission=Decimal(row["commission"]),
        commission_currency=row["commission_currency"],
        multiplier=Decimal(row["multiplier"]),
        currency=row["currency"],
        executed_at=to_moment(row["executed_at"]),
    )


def holdings(connection: sqlite3.Connection) -> dict[str, Holding]:
    """All positions that are not flat, by instrument."""
    rows = connection.execute("SELECT * FROM positions ORDER BY instrument_key")
    return {row["instrument_key"]: _holding(row) for row in rows}


def holding_in(connection: sqlite3.Connection, instrument_key: str) -> Holding | None:
    """The position in an instrument; None for a flat one."""
    row = connection.execute("SELECT * FROM positions WHERE instrument_key = ?", (instrument_key,)).fetchone()
    return None if row is None else _holding(row)


def _holding(row: sqlite3.Row) -> Holding:
    return Holding(
        row["instrument_key"],
        AssetClass(row["asset_class"]),
        Decimal(row["quantity"]),
        Decimal(row["average_price"]),
        Decimal(row["multiplier"]),
        row["currency"],
    )


def put_holding(connection: sqlite3.Connection, holding: Holding) -> None:
    """Keep a position as it is now; a flat one goes."""
    connection.execute("DELETE FROM positions WHERE instrument_key = ?", (holding.instrument_key,))
    if holding.quantity != 0:
        connection.execute(
            "INSERT INTO positions VALUES (?, ?, ?, ?, ?, ?)",
            (
                holding.instrument_key,
                holding.asset_class.value,
                str(holding.quantity),
                str(holding.average_price),
                str(holding.multiplier),
                holding.currency,
            ),
        )


def read_quote(connection: sqlite3.Connection, instrument_key: str) -> Quote | None:
    """The present quote of an instrument."""
    row = connection.execute("SELECT * FROM quotes WHERE instrument_key = ?", (instrument_key,)).fetchone()
    return None if row is None else _quote(row)


def held_quotes(connection: sqlite3.Connection) -> dict[str, Quote]:
    """The present quotes of all that is held, by instrument."""
    rows = connection.execute("SELECT quotes.* FROM quotes JOIN positions USING (instrument_key)")
    return {row["instrument_key"]: _quote(row) for row in rows}


def _quote(row: sqlite3.Row) -> Quote:
    sizes = [None if row[name] is None else Decimal(row[name]) for name in ("bid_size", "ask_size")]
    return Quote(Decimal(row["bid"]), Decimal(row["ask"]), Decimal(row["last"]), to_moment(row["as_of"]), *sizes)


def put_quote(connection: sqlite3.Connection, instrument_key: str, quote: Quote) -> None:
    """Keep a quote."""
    sizes = [None if size is None else str(size) for size in (quote.bid_size, quote.ask_size)]
    connection.execute(
        "INSERT OR REPLACE INTO quotes VALUES (?, ?, ?, ?, ?, ?, ?)",
        (instrument_key, str(quote.bid), str(quote.ask), str(quote.last), to_text(quote.as_of), *sizes),
    )


def add_cash(connection: sqlite3.Connection, currency: str, amount: Decimal) -> None:
    """Add to the cash of a currency, below zero when it is spent."""
    held = read_cash(connection).get(currency, Decimal(0))
    connection.execute("INSERT OR REPLACE INTO cash VALUES (?, ?)", (currency, str(held + amount)))


def read_cash(connection: sqlite3.Connection) -> dict[str, Decimal]:
    """Cash by currency."""
    return {row["currency"]: Decimal(row["amount"]) for row in connection.execute("SELECT * FROM cash")}


def _order(row: sqlite3.Row) -> PaperOrder:
    return PaperOrder(
        number=row["number"],
        request=_REQUEST.validate_json(row["request"]),
        state=PaperState(row["state"]),
        quantity=Decimal(row["quantity"]),
        filled=Decimal(row["filled"]),
        triggered=bool(row["triggered"]),
        message=row["message"],
        arrives_at=to_moment(row["arrives_at"]),
    )
