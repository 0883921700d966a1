"""The broker port: all that this room asks of a broker, drawn so that paper, IBKR and ccxt fit it.

=================  ===========================================  ===============================================
here               IBKR                                         ccxt
=================  ===========================================  ===============================================
client_order_id    `orderRef`; not unique at the broker, so an  `clientOrderId`; unique at the venue, most of
                   adapter looks for it before it places        them only among orders that are still open
broker_order_id    `permId` (an `orderId` is one session's)     `id`
execution id       `execId`; a correction (`.02` after `.01`)   `id` of a trade (`fetch_my_trades`)
                   is a fill back and a fill anew
oca_group          `ocaGroup` with `ocaType` 3                  none at most venues: `has_oca` is False, and this
                                                                room reduces the other order itself
find               open orders, then completed orders and       `fetch_order` by client id; OrderNotFound is
                   executions, all by `orderRef`                None only where the venue keeps ended orders
executions         `reqExecutions` with commission reports      `fetch_my_trades(since)`
what_if            `whatIf` orders: `initMarginChange`          None
cash_by_currency   `CashBalance` of each `$LEDGER` currency     `total` of `fetch_balance`, currencies only
unrealised_pnl     `UnrealizedPnL`, in the base currency        sum of `unrealizedPnl` of `fetch_positions`; None spot
market_price       `marketPrice` of `portfolio()`               `markPrice` of a position, else `last` of its ticker
=================  ===========================================  ===============================================

Every call may raise TemporaryError: the broker is away, or its answer came too late. Whatever was asked may have been
done or not. Quantities are positive and exact, in the instrument's units; prices are in its currency; times are UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from fund_pipeline.ledger.order_model import OrderRow
from fund_pipeline.terms import AssetClass, OrderType, Side


class BrokerOrderState(StrEnum):
    """What a broker says of an order. WORKING covers partly filled ones."""

    WORKING = "WORKING"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


class RefusalCode(StrEnum):
    """Why a broker refused. DUPLICATE_ID says that it has an order of that id already: then it is asked for."""

    DUPLICATE_ID = "DUPLICATE_ID"
    MARGIN = "MARGIN"
    NOT_TRADABLE = "NOT_TRADABLE"
    BAD_ORDER = "BAD_ORDER"
    UNKNOWN_ORDER = "UNKNOWN_ORDER"
    TOO_LATE = "TOO_LATE"
    OTHER = "OTHER"


@dataclass(frozen=True)
class OrderRequest:
    """An order as a broker is given it. `combination`, `ratio` and `net_price` are of options ordered as one."""

    client_order_id: str
    instrument_key: str
    asset_class: AssetClass
    side: Side
    quantity: Decimal
    order_type: OrderType
    limit_price: Decimal | None
    stop_price: Decimal | None
    multiplier: Decimal
    currency: str
    oca_group: str | None = None
    good_until: datetime | None = None
    combination: int | None = None
    ratio: int | None = None
    net_price: Decimal | None = None

    @classmethod
    def of(cls, order: OrderRow) -> OrderRequest:
        """The request that sends an order of ours."""
        return cls(
            client_order_id=order.client_order_id,
            instrument_key=order.instrument_key,
            asset_class=order.asset_class,
            side=order.side,
            quantity=order.quantity,
            order_type=order.order_type,
            limit_price=order.limit_price,
            stop_price=order.stop_price,
            multiplier=order.multiplier,
            currency=order.currency,
            oca_group=order.oca_group,
            good_until=order.expires_at,
            combination=order.combination,
            ratio=order.ratio,
            net_price=order.net_price,
        )


@dataclass(frozen=True)
class Acknowledged:
    """The broker has it."""

    broker_order_id: str
    at: datetime


@dataclass(frozen=True)
class Rejected:
    """The broker has refused it, and nothing was done."""

    code: RefusalCode
    message: str


@dataclass(frozen=True)
class BrokerOrder:
    """An order as the broker has it. `client_order_id` is None for one that was not placed by us."""

    broker_order_id: str
    client_order_id: str | None
    state: BrokerOrderState
    instrument_key: str
    side: Side
    quantity: Decimal
    filled_quantity: Decimal
    message: str = ""


@dataclass(frozen=True)
class BrokerExecution:
    """A fill. An adapter gives it once its commission is known, or gives the commission later on its own: quantity 0.

    `client_order_id` is None for an order that was not placed by us.
    """

    execution_id: str
    client_order_id: str | None
    instrument_key: str
    side: Side
    quantity: Decimal
    price: Decimal
    commission: Decimal
    commission_currency: str
    multiplier: Decimal
    currency: str
    executed_at: datetime


@dataclass(frozen=True)
class AccountState:
    """Equity, cash and margin used, in `currency`, as of a moment of the broker's clock.

    Attributes
    ----------
    cash_by_currency : what is held of each currency, below zero where it is owed; gain and loss that are not realised
        yet are not in it. None where the broker does not say.
    unrealised_pnl : of all positions, in `currency`; None where the broker does not say.
    """

    equity: Decimal
    cash: Decimal
    margin_used: Decimal
    currency: str
    as_of: datetime
    cash_by_currency: Mapping[str, Decimal] | None = None
    unrealised_pnl: Decimal | None = None


@dataclass(frozen=True)
class BrokerPosition:
    """What the account holds of an instrument, over all strategies: signed.

    `market_price` is of one unit, and times `multiplier` in `currency`; None where the broker has, or says, none.
    """

    instrument_key: str
    quantity: Decimal
    average_price: Decimal
    market_price: Decimal | None = None
    multiplier: Decimal | None = None
    currency: str | None = None


@dataclass(frozen=True)
class Quote:
    """Prices of an instrument as of a moment; sizes are None where nobody says how much there is."""

    bid: Decimal
    ask: Decimal
    last: Decimal
    as_of: datetime
    bid_size: Decimal | None = None
    ask_size: Decimal | None = None


class Broker(Protocol):
    """One account at one broker. Every method may raise TemporaryError."""

    @property
    def is_live(self) -> bool:
        """Whether it is real money that it trades."""

    @property
    def has_oca(self) -> bool:
        """Whether it reduces the other orders of an OCA group itself when one of them fills."""

    def submit(self, request: OrderRequest) -> Acknowledged | Rejected:
        """Place an order. DUPLICATE_ID when it has one of that client order id, whatever became of that."""

    def cancel(self, client_order_id: str) -> Acknowledged | Rejected:
        """Ask for a cancel. Acknowledged: it was asked for, `find` tells when it is done."""

    def modify(
        self, client_order_id: str, quantity: Decimal, limit_price: Decimal | None, stop_price: Decimal | None
    ) -> Acknowledged | Rejected:
        """Change a working order. `quantity` is its total, with what has filled."""

    def find(self, client_order_id: str) -> BrokerOrder | None:
        """The order of that id, ended ones too. None only when the broker is certain that it has none."""

    def open_orders(self) -> tuple[BrokerOrder, ...]:
        """All working orders of the account, also those that were not placed by us."""

    def executions(self, since: datetime) -> Iterable[BrokerExecution]:
        """All fills at or after a moment of the broker's clock, in the order in which it booked them; or more.

        There may be thousands, so they may be read as they are asked for: TemporaryError may come between two.
        """

    def account_state(self) -> AccountState:
        """Equity, cash and margin."""

    def positions(self) -> tuple[BrokerPosition, ...]:
        """What the account holds; what is not there is flat."""

    def quote(self, instrument_key: str) -> Quote | None:
        """The present prices; None for an instrument that it has none of."""

    def what_if(self, request: OrderRequest) -> Decimal | None:
        """The margin that an order would add, in the account's currency; None where the broker does not say."""

    def close(self) -> None:
        """Give the connection back: nothing more is asked of it. It raises nothing."""
