"""What the ledger holds of accounts: accounts, snapshots of them, halts and alerts, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.terms import AssetClass, HaltState, Side

EVERYWHERE = "*"
"""The scope of a halt of every fund."""


class AccountStatus(StrEnum):
    """Whether an account may get entries. A CLOSED one is kept for its history; what it still holds may be exited."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"


class Severity(StrEnum):
    """How loudly a person is told. CRITICAL wants one at once."""

    INFO = "INFO"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"


@dataclass(frozen=True)
class Account:
    """A fund's account at a broker.

    Attributes
    ----------
    broker : `paper`, `ibkr`, or `ccxt:` with a venue, such as `ccxt:binance`.
    broker_account : the number by which the broker knows it; one account per broker and number.
    asset_classes : what it may trade, in alphabetical order.
    mode : LIVE is real money. An account of the broker `paper` never is.
    currency : of its equity, ISO 4217.
    """

    account_id: str
    fund_id: str
    name: str
    broker: str
    broker_account: str
    asset_classes: tuple[AssetClass, ...]
    mode: TradingMode
    currency: str
    status: AccountStatus = AccountStatus.OPEN


@dataclass(frozen=True)
class Mark:
    """What a broker values a position at.

    `average_price` and `price` are of one unit, and times `multiplier` in `currency`; None is what it did not say.
    """

    average_price: Decimal
    price: Decimal | None
    multiplier: Decimal | None
    currency: str | None

    def value(self, quantity: Decimal) -> Decimal | None:
        """What so many are worth, in `currency`; None where the broker did not say enough to know."""
        if self.price is None or self.multiplier is None or self.currency is None:
            return None
        return quantity * self.price * self.multiplier


@dataclass(frozen=True)
class WorkingOrder:
    """An order that a broker works. `client_order_id` is None for one that was not placed by us."""

    broker_order_id: str
    client_order_id: str | None
    instrument_key: str
    side: Side
    quantity: Decimal
    filled_quantity: Decimal


@dataclass(frozen=True)
class AccountSnapshot:
    """What a broker said of an account.

    Attributes
    ----------
    as_of, received_at : of which moment it tells, by the broker; when it arrived here. UTC.
    equity, cash, margin_used : in `currency`.
    positions : signed quantities by instrument key; what is not there is flat.
    cash_by_currency, unrealised_pnl, marks, working_orders : cash without what is not realised yet; gain and loss of
        open positions, in `currency`; what each position is valued at; what works. None where the broker did not say,
        or was not asked.
    """

    account_id: str
    as_of: datetime
    received_at: datetime
    equity: Decimal
    cash: Decimal
    margin_used: Decimal
    currency: str
    positions: Mapping[str, Decimal] = field(default_factory=dict)
    snapshot_id: str = ""
    cash_by_currency: Mapping[str, Decimal] | None = None
    unrealised_pnl: Decimal | None = None
    marks: Mapping[str, Mark] | None = None
    working_orders: tuple[WorkingOrder, ...] | None = None

    @property
    def available(self) -> Decimal:
        """Equity that no margin binds, in `currency`; below zero when more is bound than there is."""
        return self.equity - self.margin_used


@dataclass(frozen=True)
class EquityWord:
    """What an account was worth by a snapshot, in its currency, and of which moment (UTC) that is."""

    snapshot_id: str
    as_of: datetime
    equity: Decimal


@dataclass(frozen=True)
class Halt:
    """What may be sent in a scope: a fund's id, or `*` for all of them. Who said so, when (UTC), and why."""

    scope: str
    state: HaltState
    note: str
    changed_by: str
    changed_at: datetime


@dataclass(frozen=True)
class Trouble:
    """What an alert is raised for.

    Attributes
    ----------
    kind : what went wrong, in capitals: `EXIT_FAILED`. It is not repeated for one (kind, entity, entity_id) while open.
    entity, entity_id : what it went wrong with: `order` and a client order id.
    message, remedy : what is wrong, with its figures; what the person who reads it should do next.
    """

    severity: Severity
    kind: str
    entity: str
    entity_id: str
    message: str
    remedy: str
    fund_id: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Alert:
    """Trouble that a person must hear of: open until somebody acknowledges it.

    `raised` counts how often it came up between `at` and `last_at` (UTC); message, remedy and detail are the newest,
    severity is the greatest.
    """

    alert_id: str
    trouble: Trouble
    at: datetime
    last_at: datetime
    raised: int
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    note: str = ""

    @property
    def is_open(self) -> bool:
        """Whether nobody has answered yet."""
        return self.acknowledged_at is None
