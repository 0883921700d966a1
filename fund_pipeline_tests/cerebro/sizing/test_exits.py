"""Exits: how much, for whom, and what has to happen first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fund_pipeline.cerebro.sizing import (
    ActionKind,
    AlphaPolicy,
    DecisionReason,
    RiskLimits,
    SizingRules,
    close_quantity,
    decide,
    decide_batch,
)
from fund_pipeline.lots import Lot
from fund_pipeline.terms import DecisionOutcome, HaltState, OrderRole, OrderType, Side, SignalType
from fund_pipeline_tests.cerebro.sizing.worlds import (
    AAPL,
    CALL_450,
    CALL_460,
    GC,
    GC_FEB,
    NVDA,
    D,
    account,
    decided,
    entered,
    fund,
    held,
    leaving,
    leg,
    signal,
    sizes,
    strategy,
    working,
    world,
)

R = DecisionReason
SELL = Side.SELL


def sold(quantity: object = 10, key: str = AAPL):
    return leg(key, SELL, quantity)


def exits(decision) -> dict:
    return sizes(decision, OrderRole.EXIT)


def test_the_exit_that_ends_the_senders_position_closes_our_remainder() -> None:
    facts = world(book=(entered(10),), positions=(held(quantity="17.3"),))
    decision = decided(leaving(sold(10)), facts)
    assert (decision.outcome, decision.reason, exits(decision)) == (
        DecisionOutcome.APPROVED,
        R.CLOSES,
        {AAPL: D("-17.3")},
    )


def test_a_part_of_the_senders_position_closes_that_part_of_ours_rounded_down() -> None:
    facts = world(book=(entered(10),), positions=(held(quantity=17),))
    assert exits(decided(leaving(sold(4)), facts)) == {AAPL: -6}


def test_two_halves_close_all_between_them_filled_or_not() -> None:
    facts = world(book=(entered(10),), positions=(held(quantity=17),))
    sent = [leaving(sold(3), signal_id="1"), leaving(sold(3), signal_id="2"), leaving(sold(4), signal_id="3")]
    found, after = decide_batch(sent, facts)
    assert [exits(one.decisions[0]) for one in found] == [{AAPL: -5}, {AAPL: -5}, {AAPL: -7}]
    assert all(not entry.remaining for entry in after.book)


def test_a_short_is_bought_back() -> None:
    facts = world(book=(entered(10, side=SELL),), positions=(held(quantity=-17),))
    assert exits(decided(leaving(leg(quantity=10)), facts)) == {AAPL: 17}


def test_an_exit_without_quantity_closes_what_the_named_entry_opened() -> None:
    book = entered(10), entered(30, signal_id="second")
    facts = world(book=book, positions=(held(quantity=40),))
    assert exits(decided(leaving(sold(None), reference="entry"), facts)) == {AAPL: -10}
    assert exits(decided(leaving(reference="entry"), facts)) == {AAPL: -10}


def test_what_an_entry_filled_says_what_of_our_position_is_its() -> None:
    book = entered(10), entered(10, signal_id="second")
    position = held(quantity=15, lots=(Lot("entry", 0, D(10)), Lot("second", 0, D(5))))
    assert exits(decided(leaving(reference="second"), world(book=book, positions=(position,)))) == {AAPL: -5}


def test_an_entry_that_we_dropped_has_nothing_to_close() -> None:
    book = entered(10), entered(10, signal_id="dropped")
    position = held(quantity=10, lots=(Lot("entry", 0, D(10)),))
    decision = decided(leaving(reference="dropped"), world(book=book, positions=(position,)))
    assert (decision.outcome, decision.reason, decision.orders) == (DecisionOutcome.DROPPED, R.NO_POSITION, ())


def test_a_ladders_exits_match_its_entries_in_sum() -> None:
    book = entered(10), entered(20, signal_id="second")
    facts = world(book=book, positions=(held(quantity=30, lots=(Lot("entry", 0, D(10)), Lot("second", 0, D(20)))),))
    sent = [
        leaving(sold(15), signal_id="x1", reference="entry"),
        leaving(sold(15), signal_id="x2", reference="second"),
    ]
    found, after = decide_batch(sent, facts)
    assert [exits(one.decisions[0]) for one in found] == [{AAPL: -15}, {AAPL: -15}]
    assert all(not entry.remaining for entry in after.book)


def test_an_exit_is_never_more_than_the_broker_holds_and_a_person_is_told() -> None:
    facts = world(book=(entered(10),), positions=(held(quantity=17, broker_quantity=D(12)),))
    decision = decided(leaving(sold()), facts)
    assert (decision.outcome, decision.reason, exits(decision)) == (DecisionOutcome.RESIZED, R.EXIT_CUT, {AAPL: -12})
    assert ActionKind.PAGE in {action.kind for action in decision.actions}


def test_an_exit_is_never_more_than_what_other_exits_leave() -> None:
    facts = world(book=(entered(10),), positions=(held(quantity=17),), orders=(working(OrderRole.EXIT, SELL, 5),))
    assert exits(decided(leaving(sold()), facts)) == {AAPL: -12}


def test_what_is_all_being_closed_is_not_closed_again() -> None:
    facts = world(book=(entered(10),), positions=(held(quantity=17),), orders=(working(OrderRole.EXIT, SELL, 17),))
    assert decided(leaving(sold()), facts).reason is R.ALREADY_CLOSING


def test_a_broker_that_is_flat_gets_no_order_and_a_person_is_told() -> None:
    facts = world(book=(entered(10),), positions=(held(quantity=17, broker_quantity=D(0)),))
    decision = decided(leaving(sold()), facts)
    assert (decision.reason, decision.orders) == (R.BROKER_FLAT, ())
    assert [action.kind for action in decision.actions] == [ActionKind.PAGE]


def test_a_broker_that_did_not_answer_is_not_flat() -> None:
    facts = world(book=(entered(10),), positions=(held(quantity=17, broker_quantity=None),))
    assert exits(decided(leaving(sold()), facts)) == {AAPL: -17}


def test_the_brokers_position_is_that_of_all_our_strategies() -> None:
    other = held(quantity=-17, strategy="T", broker_quantity=D(0))
    facts = world(book=(entered(10),), positions=(held(quantity=17, broker_quantity=D(0)), other))
    assert exits(decided(leaving(sold()), facts)) == {AAPL: -17}
    same = held(quantity=17, strategy="T", broker_quantity=D(20))
    busy = working(OrderRole.EXIT, SELL, 17, strategy="T")
    facts = world(book=(entered(10),), positions=(held(quantity=17, broker_quantity=D(20)), same), orders=(busy,))
    assert exits(decided(leaving(sold()), facts)) == {AAPL: -3}


def test_every_fund_and_account_that_holds_it_is_served_whatever_its_weight() -> None:
    facts = world(
        strategy=strategy(accounts=()),
        funds=[fund(weights=None), fund("G", weights={"S": D(0)}), fund("H")],
        accounts=[account(), account("A2"), account("B", fund_id="G")],
        book=(entered(10),),
        positions=(held(quantity=5), held(quantity=7, account_id="A2"), held(quantity=9, account_id="B")),
    )
    found = {one.fund_id: (one.reason, exits(one)) for one in decide(leaving(sold()), facts).decisions}
    assert found == {"F": (R.CLOSES, {AAPL: -12}), "G": (R.CLOSES, {AAPL: -9}), "H": (R.NO_POSITION, {})}


def blocked(**changes):
    """A world in which every rule on entries says no."""
    nothing = RiskLimits(
        max_position_notional=D(0), max_strategy_notional=D(0), max_open_positions=0, max_orders_per_minute=0
    )
    facts = {
        "strategy": strategy(
            active=False,
            accounts=(),
            max_gross=D(0),
            expected_alpha=D("0.0001"),
            alpha_policy=AlphaPolicy.DROP,
            entry_age_seconds=0,
            risk_limits=nothing,
        ),
        "fund": fund(
            equity=D(-1), weights=None, halt=HaltState.REDUCING, day_start_equity=D(1000000), drawdown_stopped=True
        ),
        "account": account(
            equity=D(-1),
            margin_used=D(10**9),
            age_seconds=None,
            reconciled=False,
            is_open=False,
            asset_classes=frozenset(),
            locked=frozenset({AAPL}),
        ),
        "quotes": {},
        "terms": {},
        "recent_orders": {"S": 10**6},
        "halt": HaltState.REDUCING,
        "rules": SizingRules(margin_cap=D(0), slippage_share=D(0), quote_age_seconds=0, state_age_seconds=0),
    }
    return world(**{**facts, **changes})


@pytest.mark.parametrize("kind", [SignalType.EXIT, SignalType.SCALE_OUT, SignalType.UNSPECIFIED])
def test_no_rule_on_entries_blocks_an_exit(kind: SignalType) -> None:
    facts = blocked(book=(entered(10),), positions=(held(quantity=17),))
    decision = decided(leaving(sold(10), kind=kind, age_seconds=10**8, stale=True, sender_equity=None), facts)
    assert (decision.outcome, decision.reason, exits(decision)) == (DecisionOutcome.APPROVED, R.CLOSES, {AAPL: -17})
    assert decision.figures["stale"] is True
    entry = decided(signal(age_seconds=1), facts)
    assert entry.orders == ()


def test_a_halt_queues_exits_and_pages() -> None:
    facts = world(book=(entered(10),), positions=(held(quantity=17),), halt=HaltState.HALTED)
    decision = decided(leaving(sold()), facts)
    assert (decision.outcome, decision.reason, exits(decision)) == (
        DecisionOutcome.APPROVED,
        R.EXIT_QUEUED,
        {AAPL: -17},
    )
    assert {ActionKind.QUEUE, ActionKind.PAGE} <= {action.kind for action in decision.actions}


def test_an_entry_that_works_is_cancelled_first_and_never_leaves_a_naked_exit() -> None:
    facts = world(book=(entered(10),), orders=(working(quantity=17),))
    decision = decided(leaving(sold()), facts)
    (action,) = decision.actions
    assert decision.orders == ()
    assert decision.reason is R.CLOSES
    assert (action.kind, action.client_order_id, action.leg) == (ActionKind.CANCEL_ENTRY_FIRST, "o-1", 0)
    assert (action.fraction, action.ends) == (1, True)
    filled = held(quantity=6)
    assert close_quantity(filled, world(positions=(filled,)), action.fraction, ends=True, step=D(1)) == 6


def test_an_entry_of_the_same_batch_is_cancelled_by_what_names_it() -> None:
    found, _ = decide_batch([signal(), leaving(sold(), reference="signal")], world())
    (action,) = found[1].decisions[0].actions
    assert (action.signal_id, action.order_leg, action.account_id, action.role) == ("signal", 0, "A", OrderRole.ENTRY)
    assert found[1].decisions[0].orders == ()


def test_an_exit_of_one_rung_leaves_the_entries_of_others_working() -> None:
    book = entered(10), entered(10, signal_id="second")
    facts = world(book=book, positions=(held(quantity=10),), orders=(working(signal_id="second"),))
    decision = decided(leaving(reference="entry"), facts)
    assert decision.actions == ()


def test_attached_orders_are_cancelled_before_the_exit() -> None:
    stop = working(OrderRole.STOP, SELL, 17, client_order_id="stop")
    facts = world(book=(entered(10),), positions=(held(quantity=17),), orders=(stop,))
    decision = decided(leaving(sold()), facts)
    assert exits(decision) == {AAPL: -17}
    assert [(action.kind, action.client_order_id) for action in decision.actions] == [
        (ActionKind.CANCEL_PROTECTION_FIRST, "stop")
    ]


def test_a_missing_expiry_is_taken_from_the_one_open_position() -> None:
    bare = replace(leg(GC, SELL, 5), key=None)
    facts = world(book=(entered(5, GC),), positions=(held(GC, 3),))
    assert exits(decided(leaving(bare), facts)) == {GC: -3}


def test_a_missing_type_is_taken_from_the_one_open_position() -> None:
    bare = replace(leg(AAPL, SELL, 10), key=None, asset_class=None)
    facts = world(book=(entered(10),), positions=(held(quantity=4),))
    assert exits(decided(leaving(bare), facts)) == {AAPL: -4}


def test_what_can_mean_two_positions_is_quarantined_unless_its_entry_is_named() -> None:
    bare = replace(leg(GC, SELL, 5), key=None)
    book = entered(5, GC), entered(5, GC_FEB, signal_id="second")
    facts = world(book=book, positions=(held(GC, 3), held(GC_FEB, 3)))
    found = decide(leaving(bare), facts)
    assert (found.decisions, found.book, found.world) == ((), (), facts)
    assert found.quarantine is not None
    assert found.quarantine.reason is R.AMBIGUOUS
    assert exits(decided(leaving(bare, reference="second"), facts)) == {GC_FEB: -3}


def test_an_exit_on_the_side_that_opened_is_quarantined() -> None:
    facts = world(book=(entered(10),), positions=(held(),))
    assert decide(leaving(leg()), facts).quarantine is not None


@pytest.mark.parametrize("kind", [SignalType.EXIT, SignalType.SCALE_OUT])
def test_a_position_that_the_senders_book_does_not_know_is_closed_by_an_exit_alone(kind: SignalType) -> None:
    found = decide(leaving(sold(), kind=kind), world(positions=(held(quantity=17),)))
    if kind is SignalType.EXIT:
        assert exits(found.decisions[0]) == {AAPL: -17}
    else:
        assert found.quarantine is not None


def test_part_of_a_combination_is_closed_in_whole_multiples() -> None:
    book = entered(6, CALL_450), entered(6, CALL_460, SELL, leg=1)
    facts = world(book=book, positions=(held(CALL_450, 4), held(CALL_460, -8)))
    legs = leg(CALL_450, SELL, 4), leg(CALL_460, Side.BUY, 4)
    decision = decided(leaving(*legs, kind=SignalType.SCALE_OUT), facts)
    assert exits(decision) == {CALL_450: -2, CALL_460: 4}


def test_less_than_a_step_of_ours_is_too_small_to_close_yet() -> None:
    facts = world(book=(entered(10),), positions=(held(quantity=1),))
    decision = decided(leaving(sold(5)), facts)
    assert (decision.reason, decision.orders) == (R.TOO_SMALL, ())


def test_a_paper_strategy_cannot_reach_a_live_account_even_to_leave_and_a_person_is_told() -> None:
    facts = world(account=account(live=True), book=(entered(10),), positions=(held(quantity=17),))
    decision = decided(leaving(sold()), facts)
    assert (decision.outcome, decision.reason, decision.orders) == (DecisionOutcome.REJECTED, R.MODE_MISMATCH, ())
    assert [action.kind for action in decision.actions] == [ActionKind.PAGE]


def test_what_a_live_strategy_left_in_a_paper_account_is_closed_there() -> None:
    facts = world(strategy=strategy(live=True), book=(entered(10),), positions=(held(quantity=17),))
    decision = decided(leaving(sold()), facts)
    assert (decision.outcome, decision.reason) == (DecisionOutcome.APPROVED, R.CLOSES)
    assert exits(decision) == {AAPL: -17}


def test_what_is_within_reach_is_closed_and_a_person_is_told_of_the_rest() -> None:
    accounts = [account(), account("B", live=True)]
    positions = held(quantity=17), held(quantity=5, account_id="B")
    decision = decided(leaving(sold()), world(accounts=accounts, book=(entered(10),), positions=positions))
    assert (decision.outcome, decision.reason) == (DecisionOutcome.RESIZED, R.MODE_MISMATCH)
    assert [(order.account_id, order.quantity) for order in decision.orders] == [("A", 17)]
    assert ActionKind.PAGE in {action.kind for action in decision.actions}


def test_a_limit_exit_keeps_its_price_and_one_without_price_goes_at_market() -> None:
    facts = world(book=(entered(10),), positions=(held(quantity=17),))
    priced = replace(sold(), order_type=OrderType.LIMIT, limit_price=D("151.001"))
    (order,) = decided(leaving(priced), facts).orders
    assert (order.order_type, order.limit_price, order.quantity) == (OrderType.LIMIT, D("151.01"), 17)
    bare = replace(sold(), order_type=OrderType.LIMIT)
    (order,) = decided(leaving(bare), facts).orders
    assert order.order_type is OrderType.MARKET


def test_a_position_of_another_strategy_is_left_alone() -> None:
    facts = world(book=(entered(10),), positions=(held(quantity=17, strategy="T"),))
    assert decided(leaving(sold()), facts).reason is R.NO_POSITION


def test_a_pair_is_left_leg_by_leg() -> None:
    book = entered(10), entered(10, NVDA, SELL, leg=1)
    facts = world(book=book, positions=(held(quantity=17), held(NVDA, -5)))
    decision = decided(leaving(reference="entry"), facts)
    assert exits(decision) == {AAPL: -17, NVDA: 5}


def test_an_exit_beyond_its_entry_takes_the_named_one_from_the_book_first() -> None:
    book = entered(10), entered(10, signal_id="second")
    facts = world(book=book, positions=(held(quantity=20),))
    found = decide(leaving(sold(12), reference="second"), facts)
    assert [(entry.signal_id, entry.remaining) for entry in found.world.book] == [("entry", 8), ("second", 0)]


def test_a_funds_own_rules_take_the_place_of_the_worlds() -> None:
    strict = fund(rules=SizingRules(margin_cap=D("0.001")))
    facts = world(funds=[strict], account=account(equity=D(100000)), rules=SizingRules())
    decision = decided(signal(leg(quantity=10)), facts)
    assert (decision.reason, sizes(decision)) == (R.MARGIN_LIMIT, {AAPL: 1})
