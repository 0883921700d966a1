"""The two sides of a reconciliation, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from fund_pipeline.accounts.findings import Finding
from fund_pipeline.execution.port import AccountState, BrokerExecution, BrokerOrder, BrokerPosition
from fund_pipeline.ledger.account_model import Account
from fund_pipeline.ledger.break_model import Opening
from fund_pipeline.ledger.flow_model import CashFlow
from fund_pipeline.ledger.order_model import Execution, OrderRow, Position


@dataclass(frozen=True)
class Ours:
    """Our books of one account.

    Attributes
    ----------
    positions : of all strategies, flat ones left out.
    orders : those that live, or lived when the broker was asked; `ended` those of other ids that the broker works, by
        client order id.
    executions : all that were ever booked, in the order of their numbers, but for those `since_asked`.
    since_asked : fills that were booked since the broker was asked and that it did not tell of; positions have them.
    flows : of the account, the opening's too.
    opening : None before the first complete pass.
    adopts_external : whether fills of no order of ours are adopted without asking.
    """

    account: Account
    positions: tuple[Position, ...] = ()
    orders: tuple[OrderRow, ...] = ()
    ended: Mapping[str, OrderRow] = field(default_factory=dict)
    executions: tuple[Execution, ...] = ()
    since_asked: tuple[Execution, ...] = ()
    flows: tuple[CashFlow, ...] = ()
    opening: Opening | None = None
    adopts_external: bool = False


@dataclass(frozen=True)
class Theirs:
    """What a broker said of one account, as it said it; None is what it did not answer, never nothing.

    Attributes
    ----------
    asked_at : by our clock, UTC, when it had answered; `began_at` when it was about to be asked.
    booked : the number of the newest execution in our books when it was about to be asked. None: of now.
    since : from when on its executions were asked for.
    found : its word on each of our orders that it does not work, by client order id; None for one it has not.
    silences : why something is None.
    """

    asked_at: datetime
    since: datetime
    state: AccountState | None = None
    positions: tuple[BrokerPosition, ...] | None = None
    open_orders: tuple[BrokerOrder, ...] | None = None
    found: Mapping[str, BrokerOrder | None] = field(default_factory=dict)
    executions: tuple[BrokerExecution, ...] | None = None
    silences: tuple[Finding, ...] = ()
    began_at: datetime | None = None
    booked: int | None = None


@dataclass(frozen=True)
class Net:
    """What strategies hold of an instrument together; `average_price` is 0 when flat."""

    quantity: Decimal
    cost: Decimal

    @property
    def average_price(self) -> Decimal:
        """Cost of a unit."""
        return self.cost / self.quantity if self.quantity else Decimal(0)


def net(positions: tuple[Position, ...]) -> dict[str, Net]:
    """By instrument, over all strategies."""
    found: dict[str, Net] = {}
    for one in positions:
        before = found.get(one.instrument_key)
        if before is None:
            found[one.instrument_key] = Net(one.quantity, one.cost)
        else:
            found[one.instrument_key] = Net(before.quantity + one.quantity, before.cost + one.cost)
    return found
