"""Target weights: what to hold, not what to add."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fund_pipeline.cerebro.sizing import ActionKind, DecisionReason, decide, decide_batch
from fund_pipeline.terms import OrderRole, Side, SignalType, SizingMode
from fund_pipeline_tests.cerebro.sizing.worlds import (
    AAPL,
    NVDA,
    D,
    account,
    decided,
    entered,
    fund,
    held,
    leg,
    quote,
    quotes,
    signal,
    sizes,
    strategy,
    working,
    world,
)

R = DecisionReason
WEIGHED = strategy(sizing=SizingMode.TARGET_WEIGHT)
RICH = account(equity=D(10**7))


def aim(*weights: tuple[str, str] | str, **changes):
    pairs = [(AAPL, weight) if isinstance(weight, str) else weight for weight in weights]
    legs = [leg(key, None, None, target_weight=D(weight)) for key, weight in pairs]
    return signal(*legs, **{"kind": SignalType.UNSPECIFIED, "sender_equity": D(1), **changes})


def before(weight: str, **changes):
    return entered(weight, **changes)


def aims(**changes):
    return world(**{"strategy": WEIGHED, "account": RICH, **changes})


def test_a_weight_is_a_share_of_allocated_capital() -> None:
    decision = decided(aim("0.95"), aims())
    assert (decision.kind, sizes(decision)) == (SignalType.ENTRY, {AAPL: 3166})
    assert decision.figures["targets"][0]["target"].startswith("3166.66")


def test_a_negative_weight_is_a_short() -> None:
    assert sizes(decided(aim("-0.3"), aims())) == {AAPL: -1000}


def test_the_same_weight_again_orders_nothing_wherever_the_price_went() -> None:
    for price in (75, 150, 300):
        facts = aims(book=(before("0.95"),), positions=(held(quantity=3166),), quotes=quotes() | {AAPL: quote(price)})
        assert decided(aim("0.95"), facts).reason is R.NO_CHANGE


def test_the_same_weight_sent_every_day_does_not_add_up_while_orders_work() -> None:
    sent = [aim("0.95", signal_id=str(day)) for day in range(4)]
    found, after = decide_batch(sent, aims())
    assert [sizes(one.decisions[0]) for one in found] == [{AAPL: 3166}, {}, {}, {}]
    assert [entry.remaining for entry in after.book] == [D("0.95")]


def test_the_same_weight_enters_where_the_first_was_not_followed() -> None:
    sent = [aim("0.95", signal_id="1", age_seconds=10**6), aim("0.95", signal_id="2")]
    found, _ = decide_batch(sent, aims())
    assert [sizes(one.decisions[0]) for one in found] == [{}, {AAPL: 3166}]


def test_a_drift_band_orders_beyond_it_only() -> None:
    band = replace(WEIGHED, drift_band=D("0.1"))
    near = aims(strategy=band, book=(before("0.3"),), positions=(held(quantity=920),))
    far = aims(strategy=band, book=(before("0.3"),), positions=(held(quantity=800),))
    assert decided(aim("0.3"), near).reason is R.NO_CHANGE
    assert sizes(decided(aim("0.3"), far)) == {AAPL: 200}


def test_a_greater_weight_adds_the_difference() -> None:
    facts = aims(book=(before("0.3"),), positions=(held(quantity=1000),))
    decision = decided(aim("0.6"), facts)
    assert (decision.kind, sizes(decision)) == (SignalType.SCALE_IN, {AAPL: 1000})


def test_a_smaller_weight_is_an_exit_to_the_target() -> None:
    facts = aims(book=(before("0.6"),), positions=(held(quantity=2000),))
    decision = decided(aim("0.3"), facts)
    assert (decision.kind, sizes(decision, OrderRole.EXIT)) == (SignalType.SCALE_OUT, {AAPL: -1000})


@pytest.mark.parametrize(
    "changes",
    [
        {"fund": fund(weights=None)},
        {"fund": fund(weights={"S": D(0)})},
        {"quotes": {}},
        {"strategy": replace(WEIGHED, active=False)},
    ],
)
def test_a_smaller_weight_leaves_whatever_entries_are_told(changes) -> None:
    facts = aims(**{"book": (before("0.6"),), "positions": (held(quantity=2000),), **changes})
    assert sizes(decided(aim("0.3"), facts), OrderRole.EXIT) == {AAPL: -1000}
    assert sizes(decided(aim("0"), facts), OrderRole.EXIT) == {AAPL: -2000}


def test_a_weight_of_nothing_closes_all() -> None:
    facts = aims(book=(before("0.6"),), positions=(held(quantity="1999.5"),))
    found = decide(aim("0"), facts)
    assert sizes(found.decisions[0], OrderRole.EXIT) == {AAPL: D("-1999.5")}
    assert [entry.remaining for entry in found.world.book] == [0]


def test_a_weight_of_nothing_and_nothing_held_is_no_change() -> None:
    assert decided(aim("0"), aims()).reason is R.NO_CHANGE


def test_a_change_of_sign_is_an_exit_and_then_an_entry_after_its_fill() -> None:
    facts = aims(book=(before("0.6"),), positions=(held(quantity=2000),))
    turn = aim("-0.3")
    found = decide(turn, facts)
    (decision,) = found.decisions
    assert sizes(decision, OrderRole.EXIT) == {AAPL: -2000}
    assert sizes(decision) == {}
    assert [(action.kind, action.leg) for action in decision.actions] == [(ActionKind.ENTRY_AFTER_FILL, 0)]
    filled = replace(found.world, positions=(), orders=())
    assert sizes(decide(replace(turn, follow_up=(0,)), filled).decisions[0]) == {AAPL: -1000}


def test_a_rotation_leaves_first() -> None:
    facts = aims(book=(before("0.6"),), positions=(held(quantity=2000),))
    decision = decided(aim("0", (NVDA, "0.6")), facts)
    assert sizes(decision, OrderRole.EXIT) == {AAPL: -2000}
    assert [(action.kind, action.leg) for action in decision.actions] == [(ActionKind.ENTRY_AFTER_FILL, 1)]


def test_what_works_counts_as_held_and_is_cancelled_first_by_a_smaller_weight() -> None:
    facts = aims(book=(before("0.6"),), orders=(working(quantity=2000),))
    assert sizes(decided(aim("0.9"), facts)) == {AAPL: 1000}
    decision = decided(aim("0"), facts)
    assert decision.orders == ()
    assert [action.kind for action in decision.actions] == [ActionKind.CANCEL_ENTRY_FIRST]


def test_a_typed_exit_of_a_weight_closes_all() -> None:
    facts = aims(book=(before("0.6"),), positions=(held(quantity=2000),))
    decision = decided(aim("0", kind=SignalType.EXIT), facts)
    assert (decision.kind, sizes(decision, OrderRole.EXIT)) == (SignalType.EXIT, {AAPL: -2000})


def test_an_entry_towards_a_target_meets_every_limit() -> None:
    facts = aims(account=account(equity=D(100000), margin_used=D(30000)))
    decision = decided(aim("0.95"), facts)
    assert (decision.reason, sizes(decision)) == (R.MARGIN_LIMIT, {AAPL: 133})


def test_a_target_without_a_price_is_no_entry() -> None:
    assert decided(aim("0.5"), aims(quotes={})).reason is R.NO_PRICE


def test_a_short_target_grows_and_shrinks_like_a_long_one() -> None:
    facts = aims(book=(before("0.3", side=Side.SELL),), positions=(held(quantity=-1000),))
    assert sizes(decided(aim("-0.6"), facts)) == {AAPL: -1000}
    assert sizes(decided(aim("-0.15"), facts), OrderRole.EXIT) == {AAPL: 500}


def test_a_target_between_what_is_filled_and_what_works_cancels_and_is_decided_again() -> None:
    facts = aims(book=(before("0.6"),), positions=(held(quantity=1000),), orders=(working(quantity=1000),))
    lower = aim("0.45")
    found = decide(lower, facts)
    (decision,) = found.decisions
    assert decision.orders == ()
    assert [action.kind for action in decision.actions] == [
        ActionKind.CANCEL_ENTRY_FIRST,
        ActionKind.ENTRY_AFTER_FILL,
    ]
    for filled, role, quantity in ((1000, OrderRole.ENTRY, 500), (1900, OrderRole.EXIT, -400)):
        then = replace(found.world, positions=(held(quantity=filled),), orders=())
        assert sizes(decide(replace(lower, follow_up=(0,)), then).decisions[0], role) == {AAPL: quantity}


def test_additions_towards_targets_have_no_ratio_to_keep() -> None:
    facts = aims(book=(before("0.3"),), positions=(held(quantity=997),))
    assert sizes(decided(aim("0.3003", (NVDA, "0.25")), facts)) == {AAPL: 4, NVDA: 250}
