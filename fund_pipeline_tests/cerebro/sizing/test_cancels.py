"""A CANCEL and the sender's own book: what filled stays its, in every order in which exits came between."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fund_pipeline.cerebro.sizing import BookEntry, World, decide
from fund_pipeline.terms import SignalType
from fund_pipeline_tests.cerebro.sizing.worlds import (
    AAPL,
    NVDA,
    D,
    account,
    entered,
    fund,
    leg,
    signal,
    working,
    world,
)

CANCEL = SignalType.CANCEL
quantities = st.decimals("0.001", "100000", places=3)
shares = st.decimals(0, 1, places=4)


def left(facts: World, **changes: object) -> dict[str, Decimal]:
    """What a CANCEL leaves of each entry that it changes."""
    sent = replace(signal(kind=CANCEL), **{"legs": (), "signal_id": "cancel"} | changes)
    return {one.signal_id: one.remaining for one in decide(sent, facts).book}


def rung(name: str, quantity: object = 10, remaining: object = None, key: str = AAPL) -> BookEntry:
    size = D(str(quantity))
    return entered(quantity, key, signal_id=name, remaining=size if remaining is None else D(str(remaining)))


@given(quantities, shares, shares)
def test_what_filled_less_what_exits_closed_is_left_and_never_more_than_was(
    quantity: Decimal, filled: Decimal, closed: Decimal
) -> None:
    remaining = (quantity * (1 - closed)).quantize(D("0.001"))
    facts = world(book=(rung("entry", quantity, remaining), rung("other")), filled={("entry", 0): filled})
    after = left(facts, reference="entry")
    found = after.get("entry", remaining)
    assert set(after) <= {"entry"}
    assert found == max(min(quantity * filled - (quantity - remaining), remaining), D(0))


def test_it_counts_what_filled_in_all_funds_and_is_decided_once_for_them() -> None:
    funds, accounts = [fund(), fund("G")], [account(), account("B", fund_id="G")]
    orders = working(signal_id="entry"), working(signal_id="entry", account_id="B", client_order_id="o-2")
    facts = world(
        funds=funds, accounts=accounts, orders=orders, book=(rung("entry"),), filled={("entry", 0): D("0.25")}
    )
    found = decide(replace(signal(kind=CANCEL), legs=(), reference="entry"), facts)
    assert [len(one.actions) for one in found.decisions] == [1, 1]
    assert [one.remaining for one in found.book] == [D("2.5")]
    assert found.world.book[0].remaining == D("2.5")


def test_a_cancel_of_an_instrument_leaves_entries_of_which_nothing_works() -> None:
    book = rung("held"), rung("waits"), rung("dropped"), rung("elsewhere", key=NVDA)
    orders = working(signal_id="waits"), working(signal_id="elsewhere", instrument_key=NVDA, client_order_id="o-2")
    facts = world(book=book, orders=orders, filled={("held", 0): D(1)})
    assert left(facts, legs=(leg(side=None, quantity=None),)) == {"waits": 0}


@pytest.mark.parametrize("named", ["never-sent", None])
def test_a_cancel_that_nobody_can_read_changes_nothing(named: str | None) -> None:
    orders = working(signal_id="one"), working(signal_id="two", client_order_id="o-2")
    facts = world(book=(rung("one"), rung("two")), orders=orders)
    found = decide(replace(signal(kind=CANCEL), legs=(), named=named), facts)
    assert (found.decisions, found.book) == ((), ())
    assert found.quarantine is not None


def test_an_unknown_name_means_the_one_entry_that_works() -> None:
    facts = world(book=(rung("one"), rung("held")), orders=(working(signal_id="one"),), filled={("held", 0): D(1)})
    assert left(facts, named="never-sent") == {"one": 0}
