"""Decisions, orders, fills and positions as the ledger keeps them, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from fund_pipeline.ledger.order_law import LIVE as LIVE
from fund_pipeline.ledger.order_law import OrderState as OrderState
from fund_pipeline.lots import Lots
from fund_pipeline.terms import AssetClass, DecisionOutcome, OrderRole, OrderType, Side

UNATTRIBUTED = "UNATTRIBUTED"
"""The strategy in whose name fills of orders we do not know are booked, until a person says whose they are."""


@dataclass(frozen=True)
class DecisionRow:
    """What was decided about a signal in one fund.

    Attributes
    ----------
    kind : the signal's type, inferred where it had none.
    figures : plain JSON values, decimals as text, enough to decide it again.
    batch : the Dagster run, or whatever else decided it.
    part : 0 for the signal's own decision, 1 for what follows once its exits are filled.
    actions : what else it asks for besides its orders, as plain values.
    follow_up : whether legs of it are to be entered once its exits are filled.
    """

    decision_id: str
    signal_id: str
    fund_id: str
    strategy: str
    kind: str
    outcome: DecisionOutcome
    reason: str
    figures: Mapping[str, Any]
    batch: str
    decided_at: datetime
    part: int = 0
    actions: tuple[Mapping[str, Any], ...] = ()
    follow_up: bool = False


@dataclass(frozen=True)
class OrderRow:
    """One attempt at an order.

    Quantities are positive, in the instrument's units; prices, and `multiplier` times a price, in `currency`.

    Attributes
    ----------
    planned_quantity : what was decided; `quantity` is what is sent, and may be less.
    wanted_quantity : what a working order is to be changed to; None when it is as it should be.
    cancel_for : why it is to be cancelled; None when it is not. A wish that lasts until it is fulfilled.
    waits_for : ids of entries that must have ended before this exit is sent.
    close_fraction, close_base : of such an exit, what it closes instead of a quantity: `close_base` and that fraction
        of what the entries it waits for have filled; all that is held where there is no `close_base`.
    closes_entry : signal id of the entry that an exit names: its lots are closed first.
    closes_others : whether an exit may close lots of other entries too; one that stays within its entry's may not.
    combination, ratio, net_price : of an option that is ordered as one with the others of its number.
    not_before, expires_at : it is not sent before, and cancelled after.
    oca_group : orders of one group: what one of them fills, the others must not.
    reserved_margin : what sizing reckoned, in the account's currency.
    submitted_at : when a process claimed it in order to send it.
    """

    client_order_id: str
    decision_id: str
    signal_id: str
    leg: int
    account_id: str
    fund_id: str
    strategy: str
    role: OrderRole
    attempt: int
    state: OrderState
    instrument_key: str
    asset_class: AssetClass
    side: Side
    planned_quantity: Decimal
    quantity: Decimal
    order_type: OrderType
    limit_price: Decimal | None
    stop_price: Decimal | None
    multiplier: Decimal
    currency: str
    reference_price: Decimal | None
    reserved_margin: Decimal
    created_at: datetime
    updated_at: datetime
    filled_quantity: Decimal = Decimal(0)
    average_price: Decimal | None = None
    wanted_quantity: Decimal | None = None
    cancel_for: str | None = None
    waits_for: tuple[str, ...] = ()
    close_fraction: Decimal | None = None
    close_base: Decimal | None = None
    closes_entry: str | None = None
    closes_others: bool = True
    combination: int | None = None
    ratio: int | None = None
    net_price: Decimal | None = None
    not_before: datetime | None = None
    expires_at: datetime | None = None
    broker_order_id: str | None = None
    oca_group: str | None = None
    reason: str | None = None
    message: str = ""
    submitted_at: datetime | None = None
    acknowledged_at: datetime | None = None
    closed_at: datetime | None = None
    revision: int = 0

    @property
    def remaining(self) -> Decimal:
        """What may still fill, never below zero."""
        return max(self.quantity - self.filled_quantity, Decimal(0))

    @property
    def book(self) -> tuple[str, str, str]:
        """The position it belongs to: strategy, account, instrument."""
        return (self.strategy, self.account_id, self.instrument_key)

    @property
    def legged(self) -> tuple[str, int, str]:
        """What it shares with the orders attached to it: signal, leg, account."""
        return (self.signal_id, self.leg, self.account_id)


@dataclass(frozen=True)
class OrderTransition:
    """One change of an order's state, append-only: the `number`-th, who did it and why."""

    client_order_id: str
    number: int
    at: datetime
    actor: str
    before: OrderState
    after: OrderState
    reason: str | None
    detail: Mapping[str, Any]


@dataclass(frozen=True)
class Execution:
    """A fill, as the broker told of it.

    `quantity` is positive; 0 for a commission, or a correction of one, that was told on its own. `executed_at` is the
    broker's time, `received_at` ours, both UTC.
    """

    broker: str
    broker_account: str
    broker_execution_id: str
    client_order_id: str | None
    account_id: str
    strategy: str
    instrument_key: str
    side: Side
    quantity: Decimal
    price: Decimal
    commission: Decimal
    commission_currency: str
    multiplier: Decimal
    currency: str
    executed_at: datetime
    received_at: datetime
    number: int = 0
    """Its place in the account's book: positions follow from executions in this order."""


@dataclass(frozen=True)
class Position:
    """What a strategy holds of an instrument in an account.

    Attributes
    ----------
    quantity : signed; below zero is short.
    cost : quantity times price that it was opened at, with its sign, in `currency` and without the multiplier.
    average_price : cost ÷ quantity, to 12 places; 0 when flat.
    realised_pnl : in `currency`, after commission. Flat, it is the sum of all that was paid and received.
    commission : in `currency`, of all fills whose commission is in it.
    opened_by : id of the signal whose entry opened it; None when flat, or nobody knows.
    lots : what each entry's fills hold of it, the oldest first; they sum to its size.
    """

    strategy: str
    account_id: str
    instrument_key: str
    quantity: Decimal
    cost: Decimal
    average_price: Decimal
    realised_pnl: Decimal
    commission: Decimal
    multiplier: Decimal
    currency: str
    opened_by: str | None
    updated_at: datetime
    lots: Lots = ()

    @property
    def book(self) -> tuple[str, str, str]:
        """Which one it is: strategy, account, instrument."""
        return (self.strategy, self.account_id, self.instrument_key)

    @property
    def is_flat(self) -> bool:
        """Whether nothing is held."""
        return self.quantity == 0


@dataclass(frozen=True)
class SenderEntry:
    """One entry in a sender's own book: what its accepted signal opened, in its units, whatever we made of it.

    `remaining` is what its exits have left of `quantity`; both are positive.
    """

    signal_id: str
    leg: int
    strategy: str
    instrument_key: str
    side: Side
    quantity: Decimal
    remaining: Decimal
    at: datetime


@dataclass(frozen=True)
class Change:
    """What becomes of an order. `values` are further columns of it; `detail` is kept with the transition."""

    after: OrderState
    actor: str
    at: datetime
    reason: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
