"""What sizing decides, as values: decisions, the orders they plan, and what has to happen before them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from fund_pipeline.cerebro.sizing.reasons import DecisionReason
from fund_pipeline.terms import AssetClass, DecisionOutcome, OrderRole, OrderType, Side, SignalType


class ActionKind(StrEnum):
    """What else the decision asks for, besides its orders.

    CANCEL_ENTRY_FIRST : a working entry must be dead before the exit is sent, which then also closes what it filled.
    CANCEL_PROTECTION_FIRST : an attached stop or target must be cancelled or reduced before the exit can fill.
    CANCEL : a CANCEL signal's order to cancel.
    ENTRY_AFTER_FILL : the legs named are entries to decide once the exits are filled (SignalFacts.follow_up).
    QUEUE : the orders wait until trading is resumed.
    PAGE : a person must know now.
    """

    CANCEL_ENTRY_FIRST = "CANCEL_ENTRY_FIRST"
    CANCEL_PROTECTION_FIRST = "CANCEL_PROTECTION_FIRST"
    CANCEL = "CANCEL"
    ENTRY_AFTER_FILL = "ENTRY_AFTER_FILL"
    QUEUE = "QUEUE"
    PAGE = "PAGE"


@dataclass(frozen=True, kw_only=True)
class Action:
    """One thing to do besides the orders. What does not apply is None.

    Attributes
    ----------
    leg : the deciding signal's leg it belongs to: the exit's, or the one to enter later.
    client_order_id : the order to cancel; None where this batch planned it, so that only what follows names it.
    signal_id, order_leg, account_id, role : the order to cancel, in the terms of its client order id.
    fraction, filled, known, ends : of CANCEL_ENTRY_FIRST: the exit closes, before rounding, `known` of what is held by
        now, and of what the entry fills beyond `filled` that fraction; all that is there then where it ends the
        position. Instead of the quantity of any EXIT order planned for that leg and account.
    """

    kind: ActionKind
    leg: int | None = None
    client_order_id: str | None = None
    signal_id: str | None = None
    order_leg: int | None = None
    account_id: str | None = None
    role: OrderRole | None = None
    fraction: Decimal | None = None
    filled: Decimal | None = None
    known: Decimal | None = None
    ends: bool | None = None


@dataclass(frozen=True, kw_only=True)
class PlannedOrder:
    """An order that a decision asks for.

    Attributes
    ----------
    leg : index of the signal's leg, from 0. A leg that an exit's reference stands for has its entry's index.
    quantity : > 0, in the instrument's units (shares, contracts, FX base units, coins).
    limit_price, stop_price : in `currency`, on the instrument's tick.
    multiplier : value of one point of price for one unit of quantity, in `currency`.
    reference_price : the sender's price, else the quote's that was sized with; None for exits without either.
    reserved_margin : in the account's currency; 0 for what closes.
    closes_entry, closes_others : of an exit, signal id of the entry that it names, and whether it may close what other
        entries hold.
    oca_group : of a stop and target of which one fill cancels the other; None for others.
    combination, ratio, net_price : of an option ordered as one with the others of its number; see the signal's leg.
    """

    leg: int
    account_id: str
    role: OrderRole
    instrument_key: str
    asset_class: AssetClass
    side: Side
    quantity: Decimal
    order_type: OrderType
    limit_price: Decimal | None
    stop_price: Decimal | None
    multiplier: Decimal
    currency: str
    reference_price: Decimal | None
    reserved_margin: Decimal
    oca_group: str | None = None
    combination: int | None = None
    ratio: int | None = None
    net_price: Decimal | None = None
    closes_entry: str | None = None
    closes_others: bool = True


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What becomes of one signal in one fund.

    Attributes
    ----------
    kind : the signal's type, after inference.
    reason : the one reason for the outcome; of a RESIZED one, the bound that cut it most.
    figures : plain JSON, decimals as text: every figure used, enough to recompute the orders' quantities.
    orders : all of them or none are to be recorded; exits, stops and targets among them as `role` says.
    actions : what else has to be done, and in which order with the orders.
    """

    signal_id: str
    fund_id: str
    strategy: str
    kind: SignalType
    outcome: DecisionOutcome
    reason: DecisionReason
    figures: Mapping[str, Any]
    orders: tuple[PlannedOrder, ...] = ()
    actions: tuple[Action, ...] = field(default=())
