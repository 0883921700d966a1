"""Ids and states of orders, as pure functions."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fund_pipeline.errors import InvariantError
from fund_pipeline.execution.ids import client_order_id
from fund_pipeline.execution.patience import Patience
from fund_pipeline.ledger.order_law import ENDED, TRANSITIONS, after_fill, may_become
from fund_pipeline.ledger.order_model import Change, OrderState
from fund_pipeline.ledger.order_steps import Step, change_orders
from fund_pipeline.terms import OrderRole
from fund_pipeline_tests.execution.world import World, planned

states = st.sampled_from(OrderState)
parts = st.tuples(
    st.text(max_size=64), st.integers(0, 20), st.text(max_size=64), st.sampled_from(OrderRole), st.integers(1, 99)
)


def test_every_state_has_a_law_and_every_live_one_can_end() -> None:
    assert set(TRANSITIONS) == set(OrderState)
    assert all(TRANSITIONS[state] >= ENDED - {state} for state in OrderState if state.is_live)


def test_what_has_ended_changes_by_fills_only() -> None:
    assert {after for state in ENDED for after in TRANSITIONS[state]} == {OrderState.FILLED}


def test_nothing_becomes_an_intent_again_and_only_an_intent_is_sent() -> None:
    assert not any(may_become(state, OrderState.INTENT) for state in OrderState)
    assert [state for state in OrderState if may_become(state, OrderState.SUBMITTED)] == [OrderState.INTENT]


def test_an_unknown_order_is_never_sent_again() -> None:
    assert not may_become(OrderState.UNKNOWN, OrderState.SUBMITTED)


@given(states, st.decimals(0, 100, places=2), st.decimals(1, 100, places=2))
def test_a_fill_is_lawful_in_every_state(state: OrderState, filled: Decimal, quantity: Decimal) -> None:
    after = after_fill(state, filled, quantity)
    assert after is state or may_become(state, after)
    assert (after is OrderState.FILLED) is (filled >= quantity or state is OrderState.FILLED)


def test_the_ledger_refuses_an_unlawful_change_and_one_of_an_order_that_moved_on(world: World) -> None:
    [entry] = world.decide(planned(OrderRole.ENTRY, 100))
    order = world.order(entry)
    with pytest.raises(InvariantError, match="cannot go from INTENT to UNKNOWN"):
        change_orders(world.ledger, [Step(order, Change(OrderState.UNKNOWN, "x", world.time))])
    assert change_orders(world.ledger, [Step(order, Change(OrderState.SUBMITTED, "x", world.time))]) != (None,)
    assert change_orders(world.ledger, [Step(order, Change(OrderState.SUBMITTED, "y", world.time))]) == (None,)


@given(st.lists(parts, min_size=2, max_size=6, unique=True))
def test_ids_fit_every_broker_and_differ_where_orders_do(several: list[tuple[str, int, str, OrderRole, int]]) -> None:
    ids = [client_order_id(*one) for one in several]
    assert len(set(ids)) == len(several)
    assert ids == [client_order_id(*one) for one in several]
    assert all(re.fullmatch(r"[a-z][a-z2-7]{25}", one) for one in ids)


def test_an_id_stays_what_it_was() -> None:
    # Orders at brokers carry it: another one would be another order.
    assert client_order_id("s", 0, "a", OrderRole.ENTRY, 1) == "fpnck6w5xwyzhqdeaydqihkh3f"


def test_pauses_grow_to_the_greatest() -> None:
    pauses = [Patience().pause_before(attempt).total_seconds() for attempt in (2, 3, 4, 5, 10, 11, 1000)]
    assert pauses == [1, 2, 4, 8, 256, 300, 300]
