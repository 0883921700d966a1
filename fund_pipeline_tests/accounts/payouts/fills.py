"""Fills with the signals behind them, and a ledger in which they happened."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import insert

from fund_pipeline.execution import record
from fund_pipeline.execution.booking import settle
from fund_pipeline.execution.troubles import execution_changed
from fund_pipeline.ledger import Ledger, tables
from fund_pipeline.ledger.executions import book_executions
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.order_model import Execution
from fund_pipeline.ledger.payout_model import SignalFill
from fund_pipeline.ledger.signal_model import WayIn
from fund_pipeline.terms import AssetClass, OrderRole, Side
from fund_pipeline_tests.execution.world import decision, planned

AT = datetime(2025, 1, 10, 17, 0, tzinfo=UTC)
KO = "STOCK:KO"


def execution(number: int, side: Side, quantity: str, price: str, **fields: object) -> Execution:
    """A fill, figures as text."""
    values: dict[str, object] = {
        "broker": "paper",
        "broker_account": "a1",
        "broker_execution_id": str(number),
        "client_order_id": str(number),
        "account_id": "a1",
        "strategy": "S",
        "instrument_key": KO,
        "side": side,
        "quantity": Decimal(quantity),
        "price": Decimal(price),
        "commission": Decimal(0),
        "commission_currency": "USD",
        "multiplier": Decimal(1),
        "currency": "USD",
        "executed_at": AT,
        "received_at": AT,
        "number": number,
    }
    return Execution(**values | fields)  # type: ignore[arg-type]


def of_signal(
    fill: Execution, signal: str | None, role: OrderRole = OrderRole.ENTRY, names: str | None = None
) -> SignalFill:
    """The fill as one of a signal's order, which names this entry."""
    kind = None if signal is None else role
    return SignalFill(fill, "demo", TradingMode.PAPER, AssetClass.STOCK, signal, 0, kind, names)


def entry(number: int, signal: str, quantity: str, price: str, **fields: object) -> SignalFill:
    """A buy by an entry."""
    return of_signal(execution(number, Side.BUY, quantity, price, **fields), signal)


def leave(number: int, quantity: str, price: str, names: str | None = None, **fields: object) -> SignalFill:
    """A sale by an exit that names this entry."""
    return of_signal(execution(number, Side.SELL, quantity, price, **fields), f"exit-{number}", OrderRole.EXIT, names)


class Desk:
    """Signals, orders and fills written to a ledger the way the product does, at moments of the past."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.trades = 0

    def signal(self, signal_id: str, sender_id: str, strategy: str, at: datetime) -> None:
        """A signal that was received."""
        row = {
            "signal_id": signal_id,
            "sender_id": sender_id,
            "strategy": strategy,
            "sender_signal_id": signal_id,
            "digest": signal_id,
            "hook_digest": signal_id,
            "payload": "{}",
            "headers": {},
            "way_in": WayIn.WEBHOOK.value,
            "received_at": at,
            "request_id": signal_id,
            "repeats": False,
        }
        with self.ledger.writing() as connection:
            connection.execute(insert(tables.raw_signals).values(row))

    def order(self, signal_id: str, account: str, role: OrderRole, at: datetime, **fields: object) -> str:
        """An order of a decision on the signal; `entry` is the one that an exit names. Its client order id."""
        terms = {name: fields.pop(name) for name in ("strategy", "fund_id") if name in fields}
        named, quantity = fields.pop("entry", None), fields.pop("quantity")
        assert isinstance(quantity, int)
        one = planned(role, quantity, account_id=account, closes_entry=named, **fields)
        made = decision(signal_id, one, **terms)
        [order] = record(self.ledger, made, "batch", at).orders
        return order.client_order_id

    def fill(
        self,
        order: str | None,
        account: str,
        side: Side,
        quantity: str,
        price: str,
        at: datetime,
        **fields: object,
    ) -> None:
        """A fill of an order, told at once or `told` later."""
        self.trades += 1
        told = fields.pop("told", at)
        assert isinstance(told, datetime)
        one = execution(
            0,
            side,
            quantity,
            price,
            broker=fields.pop("broker", "paper"),
            broker_account=fields.pop("broker_account", account),
            broker_execution_id=f"fill-{self.trades}",
            client_order_id=order,
            account_id=account,
            executed_at=at,
            received_at=told,
            **fields,
        )
        book_executions(self.ledger, account, [one], settle, execution_changed, told)
