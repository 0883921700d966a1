"""What an order is for, the states of its life, and the law of which may follow which."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType


class OrderState(StrEnum):
    """The life of an order.

    INTENT: decided, nothing sent. SUBMITTED: a process has said that it sends it now. UNKNOWN: whether the broker has
    it is not known, and only the broker can say. FILLED, CANCELLED, REJECTED and EXPIRED are its end.
    """

    INTENT = "INTENT"
    SUBMITTED = "SUBMITTED"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    PENDING_CANCEL = "PENDING_CANCEL"
    PENDING_REPLACE = "PENDING_REPLACE"
    UNKNOWN = "UNKNOWN"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"

    @property
    def is_live(self) -> bool:
        """Whether it may still fill, as far as we know."""
        return self not in ENDED

    @property
    def is_at_broker(self) -> bool:
        """Whether the broker has said that it has it."""
        return self in WORKING


ENDED = frozenset({OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECTED, OrderState.EXPIRED})
LIVE = tuple(state for state in OrderState if state not in ENDED)
WORKING = frozenset(
    {OrderState.ACKNOWLEDGED, OrderState.PARTIALLY_FILLED, OrderState.PENDING_CANCEL, OrderState.PENDING_REPLACE}
)
_REACHED = ENDED | {OrderState.ACKNOWLEDGED, OrderState.PARTIALLY_FILLED}

TRANSITIONS: Mapping[OrderState, frozenset[OrderState]] = MappingProxyType(
    {
        # An intent that the broker turns out to know was sent by a ledger that was restored since.
        OrderState.INTENT: _REACHED | {OrderState.SUBMITTED},
        OrderState.SUBMITTED: _REACHED | {OrderState.UNKNOWN},
        OrderState.ACKNOWLEDGED: _REACHED - {OrderState.ACKNOWLEDGED}
        | {OrderState.PENDING_CANCEL, OrderState.PENDING_REPLACE, OrderState.UNKNOWN},
        OrderState.PARTIALLY_FILLED: ENDED
        | {OrderState.PENDING_CANCEL, OrderState.PENDING_REPLACE, OrderState.UNKNOWN},
        # A cancel or a change may be refused, or come too late.
        OrderState.PENDING_CANCEL: _REACHED | {OrderState.UNKNOWN},
        OrderState.PENDING_REPLACE: _REACHED | {OrderState.PENDING_CANCEL, OrderState.UNKNOWN},
        OrderState.UNKNOWN: _REACHED,
        # What has ended stays so, but for fills that were on their way: they are facts.
        OrderState.CANCELLED: frozenset({OrderState.FILLED}),
        OrderState.REJECTED: frozenset({OrderState.FILLED}),
        OrderState.EXPIRED: frozenset({OrderState.FILLED}),
        OrderState.FILLED: frozenset(),
    }
)
"""The law: which state may follow which. A fill that leaves the state as it is changes quantities only."""


def may_become(before: OrderState, after: OrderState) -> bool:
    """Whether the law has that change."""
    return after in TRANSITIONS[before]


def after_fill(before: OrderState, filled: Decimal, quantity: Decimal) -> OrderState:
    """The state of an order of which `filled` out of `quantity` are filled now: a fact, whatever the state was."""
    if filled >= quantity:
        return OrderState.FILLED
    if before in ENDED or before in (OrderState.PENDING_CANCEL, OrderState.PENDING_REPLACE):
        return before
    return OrderState.PARTIALLY_FILLED
