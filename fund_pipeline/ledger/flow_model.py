"""Cash flows as values: money that comes into an account or leaves it other than by trading."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


class FlowKind(StrEnum):
    """What a flow is.

    OPENING is what an account was worth when its books began. PERFORMANCE_FEE pays the manager what was crystallised:
    the clients' values fell when it was, not when it is paid.
    """

    OPENING = "OPENING"
    DEPOSIT = "DEPOSIT"
    WITHDRAWAL = "WITHDRAWAL"
    TRANSFER_IN = "TRANSFER_IN"
    TRANSFER_OUT = "TRANSFER_OUT"
    FEE = "FEE"
    DIVIDEND = "DIVIDEND"
    INTEREST = "INTEREST"
    PERFORMANCE_FEE = "PERFORMANCE_FEE"

    @property
    def is_external(self) -> bool:
        """Whether money enters or leaves the fund by it without having been made or lost: never a result."""
        return self in (FlowKind.OPENING, FlowKind.DEPOSIT, FlowKind.WITHDRAWAL, FlowKind.PERFORMANCE_FEE)

    @property
    def is_of_clients(self) -> bool:
        """Whether it is money that clients brought or were paid."""
        return self in (FlowKind.OPENING, FlowKind.DEPOSIT, FlowKind.WITHDRAWAL)

    @property
    def is_transfer(self) -> bool:
        """Whether it is one side of money that moves between accounts of one fund."""
        return self in (FlowKind.TRANSFER_IN, FlowKind.TRANSFER_OUT)

    @property
    def is_result(self) -> bool:
        """Whether it is part of performance: costs and income of what is held."""
        return self in (FlowKind.FEE, FlowKind.DIVIDEND, FlowKind.INTEREST)

    @property
    def begins(self) -> bool:
        """Whether it may be the first thing that happens in an account."""
        return self in (FlowKind.OPENING, FlowKind.DEPOSIT, FlowKind.TRANSFER_IN)


@dataclass(frozen=True)
class CashFlow:
    """One entry of an account's cash book. It is never changed: a wrong one is reversed by another.

    Attributes
    ----------
    amount : signed, in `currency`, the account's: above zero it comes in.
    fund_amount : the same in the fund's currency. The two sides of a transfer sum to zero in it.
    effective_at, value_date : when it counts, UTC; the day of that moment in the fund's time zone.
    reference : the broker's or bank's name of it, unique in the account.
    counter_account : the other side of a transfer, which has the same reference.
    reverses : id of the flow that this one undoes, at the same moment and with the opposite amount.
    """

    flow_id: str
    fund_id: str
    account_id: str
    kind: FlowKind
    amount: Decimal
    currency: str
    fund_amount: Decimal
    effective_at: datetime
    value_date: date
    reference: str
    recorded_by: str
    recorded_at: datetime
    note: str = ""
    counter_account: str | None = None
    reverses: str | None = None

    @property
    def is_capital_of_account(self) -> bool:
        """Whether it changes what the account was given to work with, so that it is none of its results."""
        return self.kind.is_external or self.kind.is_transfer
