"""What every act of this room needs, and the one place where a broker's silence is told from the ledger's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from fund_pipeline.errors import ConfigurationError, TemporaryError
from fund_pipeline.execution.patience import Patience
from fund_pipeline.execution.port import Broker
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.order_model import OrderRow
from fund_pipeline.ledger.order_steps import Step, change_orders
from fund_pipeline.ledger.orders import orders_by_id

_TRIES = 10


class BrokerAway(TemporaryError):
    """A broker did not answer: what it was asked to do may have been done or not."""


@dataclass(frozen=True)
class Desk:
    """The ledger, the brokers by account id (only those may be asked), the clock (UTC), and who acts."""

    ledger: Ledger
    brokers: Mapping[str, Broker]
    now: Callable[[], datetime]
    patience: Patience
    actor: str

    @contextmanager
    def asking(self, account_id: str) -> Iterator[Broker]:
        """The broker of an account. BrokerAway for every way in which it does not answer within the block.

        One that is configured wrongly does not answer either: it must not hold up the others.
        """
        try:
            yield self.brokers[account_id]
        except (TemporaryError, ConfigurationError) as away:
            raise BrokerAway(away.message, remedy=away.remedy) from away

    def change(self, order: OrderRow, find_step: Callable[[OrderRow], Step | None]) -> OrderRow:
        """Make the change that `find_step` says, looking again when somebody else was faster; the order then."""
        for _ in range(_TRIES):
            step = find_step(order)
            if step is None:
                return order
            (changed,) = change_orders(self.ledger, [step])
            if changed is not None:
                return changed
            order = orders_by_id(self.ledger, [order.client_order_id])[order.client_order_id]
        raise TemporaryError(f"order {order.client_order_id} is being changed by others all the time")
