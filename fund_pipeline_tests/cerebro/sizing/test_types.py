"""Signals without a type: the sender's own position decides what they mean."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fund_pipeline.cerebro.sizing import ActionKind, DecisionReason, decide, decide_batch
from fund_pipeline.terms import OrderRole, Side, SignalType
from fund_pipeline_tests.cerebro.sizing.worlds import (
    AAPL,
    NVDA,
    D,
    decided,
    entered,
    held,
    leaving,
    leg,
    signal,
    sizes,
    working,
    world,
)

R = DecisionReason
BUY, SELL = Side.BUY, Side.SELL
UNSPECIFIED = SignalType.UNSPECIFIED


def untyped(*legs, **changes):
    return signal(*legs, kind=UNSPECIFIED, **changes)


@pytest.mark.parametrize(
    ("before", "side", "quantity", "kind"),
    [
        (0, BUY, 10, SignalType.ENTRY),
        (0, SELL, 10, SignalType.ENTRY),
        (20, BUY, 10, SignalType.SCALE_IN),
        (-20, SELL, 10, SignalType.SCALE_IN),
        (20, SELL, 10, SignalType.SCALE_OUT),
        (-20, BUY, 19, SignalType.SCALE_OUT),
        (20, SELL, 20, SignalType.EXIT),
        (-20, BUY, 20, SignalType.EXIT),
        (20, SELL, None, SignalType.EXIT),
    ],
)
def test_the_senders_position_decides_the_type(before: int, side: Side, quantity, kind: SignalType) -> None:
    book = (entered(abs(before), side=BUY if before > 0 else SELL),) if before else ()
    ours = (held(quantity=before),) if before else ()
    decision = decided(untyped(leg(side=side, quantity=quantity)), world(book=book, positions=ours))
    assert decision.kind is kind
    assert {order.role for order in decision.orders} == {OrderRole.EXIT if kind.closes else OrderRole.ENTRY}


def test_opposite_and_larger_is_quarantined_and_changes_nothing() -> None:
    facts = world(book=(entered(20),), positions=(held(quantity=20),))
    found = decide(untyped(leg(side=SELL, quantity="20.01")), facts)
    assert found.quarantine is not None
    assert (found.quarantine.reason, found.decisions, found.world) == (R.AMBIGUOUS, (), facts)


def test_our_own_position_does_not_decide_the_type() -> None:
    decision = decided(untyped(leg(quantity=10)), world(positions=(held(quantity=5),)))
    assert decision.kind is SignalType.ENTRY


def test_an_inferred_exit_of_a_dropped_entry_is_never_an_order() -> None:
    sent = [untyped(leg(), signal_id="1", age_seconds=10**6), untyped(leg(side=SELL), signal_id="2")]
    found, after = decide_batch(sent, world())
    assert [one.decisions[0].reason for one in found] == [R.DROPPED_STALE, R.NO_POSITION]
    assert found[1].decisions[0].kind is SignalType.EXIT
    assert after.orders == ()
    assert sum(entry.remaining for entry in after.book) == 0


def test_the_book_sums_what_the_sender_sent_whatever_we_made_of_it() -> None:
    sent = [
        untyped(leg(quantity=10), signal_id="1"),
        untyped(leg(quantity=5), signal_id="2", age_seconds=10**6),
        untyped(leg(side=SELL, quantity=12), signal_id="3"),
    ]
    found, after = decide_batch(sent, world())
    assert [one.decisions[0].kind for one in found] == [
        SignalType.ENTRY,
        SignalType.SCALE_IN,
        SignalType.SCALE_OUT,
    ]
    assert [(entry.signal_id, entry.remaining) for entry in after.book] == [("1", 0), ("2", 3)]


def test_selling_all_opens_nothing() -> None:
    decision = decided(untyped(leg(side=SELL, quantity=None, closes_all=True)), world())
    assert (decision.kind, decision.reason, decision.orders) == (SignalType.EXIT, R.NO_POSITION, ())


def test_no_side_and_a_position_is_quarantined() -> None:
    facts = world(book=(entered(20),), positions=(held(quantity=20),))
    assert decide(untyped(leg(side=None)), facts).quarantine is not None


def test_an_untyped_roll_leaves_first_and_enters_after_the_fill() -> None:
    facts = world(book=(entered(10),), positions=(held(quantity=10),))
    roll = untyped(leg(side=SELL), leg(NVDA, quantity=3))
    found = decide(roll, facts)
    (decision,) = found.decisions
    assert [(order.role, order.instrument_key) for order in decision.orders] == [(OrderRole.EXIT, AAPL)]
    assert [(action.kind, action.leg) for action in decision.actions] == [(ActionKind.ENTRY_AFTER_FILL, 1)]
    after = replace(found.world, positions=(), orders=())
    later = decide(replace(roll, follow_up=(1,)), after)
    assert sizes(later.decisions[0]) == {NVDA: 3}
    assert later.book == ()


def test_a_roll_out_of_what_we_do_not_hold_enters_at_once() -> None:
    decision = decided(untyped(leg(side=SELL), leg(NVDA, quantity=3)), world(book=(entered(10),)))
    assert sizes(decision) == {NVDA: 3}
    assert decision.kind is SignalType.ENTRY


def cancelling(*legs, **changes):
    return leaving(*legs, **{"kind": SignalType.CANCEL, "signal_id": "cancel", **changes})


def test_a_cancel_names_the_working_orders_of_its_entry_and_leaves_its_protection() -> None:
    orders = (
        working(client_order_id="entry"),
        working(OrderRole.STOP, SELL, client_order_id="stop"),
        working(signal_id="other", client_order_id="other"),
    )
    decision = decided(cancelling(reference="entry"), world(orders=orders))
    assert (decision.reason, decision.orders) == (R.CANCELS, ())
    assert [(action.kind, action.client_order_id) for action in decision.actions] == [(ActionKind.CANCEL, "entry")]


def test_a_cancel_by_instrument_is_of_all_its_working_entries() -> None:
    orders = working(client_order_id="1"), working(client_order_id="2", instrument_key=NVDA)
    decision = decided(cancelling(leg(side=None, quantity=None)), world(orders=orders))
    assert [action.client_order_id for action in decision.actions] == ["1"]


def test_a_cancel_of_what_does_not_work_does_nothing() -> None:
    assert decided(cancelling(reference="entry"), world()).reason is R.NOTHING_TO_CANCEL
    assert decide(cancelling(), world()).quarantine is not None


def test_a_cancelled_entry_of_which_we_hold_nothing_leaves_the_book() -> None:
    found = decide(cancelling(reference="entry"), world(book=(entered(10),), orders=(working(),)))
    assert [entry.remaining for entry in found.world.book] == [0]
    filled = world(book=(entered(10),), positions=(held(quantity=D(1)),), filled={("entry", 0): D(1)})
    found = decide(cancelling(reference="entry"), filled)
    assert [entry.remaining for entry in found.world.book] == [10]


@pytest.mark.parametrize("state", ["REDUCING", "HALTED"])
def test_cancels_pass_every_halt(state: str) -> None:
    from fund_pipeline.terms import HaltState

    facts = world(halt=HaltState(state), orders=(working(),))
    assert decided(cancelling(reference="entry"), facts).reason is R.CANCELS
