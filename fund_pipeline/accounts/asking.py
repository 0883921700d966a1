"""What a broker says of one account, read once: numbers as the books can keep them, silence as a finding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from fund_pipeline.errors import FundError
from fund_pipeline.execution import Broker
from fund_pipeline.execution.port import AccountState, BrokerExecution, BrokerOrder, BrokerPosition
from fund_pipeline.ledger.places import kept


@dataclass(frozen=True)
class Heard:
    """What one broker said of an account.

    `orders` are those that it works; None when it was not asked, or did not answer that.
    """

    state: AccountState
    positions: tuple[BrokerPosition, ...]
    orders: tuple[BrokerOrder, ...] | None = None

    @property
    def quantities(self) -> Mapping[str, Decimal]:
        """Signed quantities by instrument key; what is not there is flat."""
        return {one.instrument_key: one.quantity for one in self.positions}


def ask_worth(broker: Broker) -> Heard:
    """Positions and state. FundError when it does not answer; InvalidOperation when its numbers are none."""
    return Heard(
        positions=tuple(kept_position(one) for one in broker.positions()), state=kept_state(broker.account_state())
    )


def ask_all(broker: Broker) -> tuple[Heard, str | None]:
    """The same with its working orders; and why they are not known, when they are not."""
    heard = ask_worth(broker)
    try:
        return replace(heard, orders=tuple(kept_order(one) for one in broker.open_orders())), None
    except FundError as away:
        return heard, away.message
    except InvalidOperation:
        return heard, "a quantity of a working order is no number"


def kept_state(said: AccountState) -> AccountState:
    """As the books can keep it. InvalidOperation for numbers that are none."""
    cash = said.cash_by_currency
    return replace(
        said,
        equity=kept(said.equity),
        cash=kept(said.cash),
        margin_used=kept(said.margin_used),
        cash_by_currency=None if cash is None else {currency: kept(amount) for currency, amount in cash.items()},
        unrealised_pnl=_optional(said.unrealised_pnl),
    )


def kept_position(said: BrokerPosition) -> BrokerPosition:
    """A price that is no number is one that was not said; a quantity that is none makes the whole answer none."""
    numbers: dict[str, Any] = {
        "quantity": kept(said.quantity),
        "average_price": kept(said.average_price),
        "market_price": _optional(said.market_price),
        "multiplier": _optional(said.multiplier),
    }
    return said if all(getattr(said, name) is one for name, one in numbers.items()) else replace(said, **numbers)


def kept_order(said: BrokerOrder) -> BrokerOrder:
    """As the books can keep it. InvalidOperation for numbers that are none."""
    return replace(said, quantity=kept(said.quantity), filled_quantity=kept(said.filled_quantity))


def kept_execution(said: BrokerExecution) -> BrokerExecution:
    """As the books can keep it. InvalidOperation for numbers that are none."""
    numbers = ("quantity", "price", "commission", "multiplier")
    values: dict[str, Any] = {name: kept(getattr(said, name)) for name in numbers}
    return replace(said, **values)


def _optional(value: Decimal | None) -> Decimal | None:
    return kept(value) if value is not None and value.is_finite() else None
