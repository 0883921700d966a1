"""A fill that cannot be booked is kept aside and told to a person; every other fill, order and account goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from fund_pipeline.execution.port import Broker, BrokerExecution, BrokerOrder
from fund_pipeline.ledger.account_model import Severity
from fund_pipeline.ledger.executions import list_executions
from fund_pipeline.ledger.executions_aside import count_aside, list_aside
from fund_pipeline.ledger.order_model import OrderState
from fund_pipeline.terms import OrderRole, OrderType
from fund_pipeline_tests.execution.world import World, planned

POISONS: dict[str, dict[str, Any]] = {
    "a price that is no number": {"price": Decimal("NaN")},
    "more digits than the ledger keeps": {"commission": Decimal("0.1234567890123456")},
    "an id longer than any": {"execution_id": "x" * 300},
    "a character that databases refuse": {"commission_currency": "US\0"},
}


class Twisted:
    """A broker whose word on some things is changed on the way."""

    def __init__(
        self,
        broker: Broker,
        fill: Callable[[BrokerExecution], BrokerExecution] = lambda one: one,
        order: Callable[[BrokerOrder], BrokerOrder] = lambda one: one,
    ) -> None:
        self._broker, self._fill, self._order = broker, fill, order

    def __getattr__(self, name: str) -> Any:
        return getattr(self._broker, name)

    def executions(self, since: datetime) -> tuple[BrokerExecution, ...]:
        return tuple(self._fill(one) for one in self._broker.executions(since))

    def open_orders(self) -> tuple[BrokerOrder, ...]:
        return tuple(self._order(one) for one in self._broker.open_orders())

    def find(self, client_order_id: str) -> BrokerOrder | None:
        found = self._broker.find(client_order_id)
        return None if found is None else self._order(found)


def twist(world: World, **change: Any) -> None:
    """Have fills of ten told otherwise from now on."""
    world.brokers = {"a1": Twisted(world.broker, lambda one: replace(one, **change) if one.quantity == 10 else one)}


@pytest.mark.parametrize("poison", POISONS)
def test_the_others_are_booked_and_it_is_kept_until_it_can_be(either_world: World, poison: str) -> None:
    world = either_world
    twist(world, **POISONS[poison])
    bad, good = (world.decide(planned(OrderRole.ENTRY, size))[0] for size in (10, 20))
    world.send()
    world.follow()
    assert world.state(good) is OrderState.FILLED
    kept = list_aside(world.ledger)
    assert world.held() + sum(one.told.quantity for one in kept) == 30  # one database may take what the other refuses
    if not kept:
        return
    assert (world.held(), world.state(bad).is_live) == (20, True)
    assert world.alerts()["FILL_NOT_BOOKED"].trouble.severity is Severity.CRITICAL
    world.wait(10_000)  # by now the broker does not tell of it by itself
    world.run(planned(OrderRole.EXIT, 20))
    assert (world.held(), list_aside(world.ledger)[0].tries > 1) == (0, True)


def test_a_fill_that_the_broker_tells_rightly_later_is_booked_from_then_on(world: World) -> None:
    twist(world, price=Decimal("NaN"))
    [entry] = world.run(planned(OrderRole.ENTRY, 10))
    assert (world.held(), count_aside(world.ledger)) == (0, 1)
    world.brokers = {"a1": world.broker}
    world.follow()
    assert (world.state(entry), world.held(), count_aside(world.ledger)) == (OrderState.FILLED, 10, 0)
    (kept,) = list_aside(world.ledger, booked_too=True)
    assert kept.booked_at == world.time
    assert len(list_executions(world.ledger)) == 1
    world.check_settled()


def test_an_order_of_which_the_broker_says_nonsense_holds_up_no_other(world: World) -> None:
    [bad] = world.run(planned(OrderRole.ENTRY, 10, order_type=OrderType.LIMIT, limit_price=Decimal(40)))
    world.brokers = {"a1": Twisted(world.broker, order=lambda one: replace(one, filled_quantity=Decimal("NaN")))}
    [good] = world.run(planned(OrderRole.ENTRY, 20))
    world.follow()
    assert (world.state(good), world.held(), world.state(bad)) == (OrderState.FILLED, 20, OrderState.ACKNOWLEDGED)
    assert "ORDER_NOT_FOLLOWED" in world.alerts()
    world.brokers = {"a1": world.broker}
    world.quote(39)
    world.follow()
    assert (world.state(bad), world.held()) == (OrderState.FILLED, 30)
