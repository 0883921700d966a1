"""Legs are ordered together, in their ratio, or not at all; and spread over accounts in whole units."""

from __future__ import annotations

import pytest

from fund_pipeline.cerebro.sizing import DecisionReason, Spreading, Terms
from fund_pipeline.terms import AssetClass, DecisionOutcome, Side
from fund_pipeline_tests.cerebro.sizing.worlds import (
    AAPL,
    BTC,
    CALL_450,
    CALL_460,
    GC,
    GC_FEB,
    NVDA,
    D,
    account,
    decided,
    fund,
    leg,
    signal,
    sizes,
    strategy,
    terms,
    world,
)

R = DecisionReason


def scaled(*legs, factor: str, **facts):
    """A decision at that factor of the sender's quantities."""
    return decided(signal(*legs, sender_equity=500000 / D(factor)), world(**facts))


def test_a_pair_rounds_each_leg_where_its_ratio_hardly_moves() -> None:
    decision = scaled(leg(quantity=10), leg(NVDA, Side.SELL, 10), factor="1.787")
    assert (decision.outcome, sizes(decision)) == (DecisionOutcome.APPROVED, {AAPL: 17, NVDA: -17})


@pytest.mark.parametrize(("factor", "reason"), [("0.5", R.PROPORTION), ("2.1", R.SIZED), ("1.7", R.PROPORTION)])
def test_a_pair_whose_ratio_moves_by_more_than_five_percent_is_refused(factor: str, reason: R) -> None:
    """3:2 at 0.5 is 1:1; at 2.1 6:4; at 1.7 5:3."""
    assert scaled(leg(quantity=3), leg(NVDA, Side.SELL, 2), factor=factor).reason is reason


def test_five_percent_exactly_is_kept() -> None:
    decision = scaled(leg(quantity=21), leg(NVDA, Side.SELL, "20.9"), factor="1")
    assert decision.reason is R.SIZED
    assert D(decision.figures["hedge_ratio"]["move"]) == D("0.045")
    just = scaled(leg(quantity=20), leg(NVDA, Side.SELL, "20.95"), factor="1")
    assert (just.reason, just.figures["hedge_ratio"]["move"]) == (R.SIZED, "0.0475")


def test_no_leg_is_ordered_where_one_is_too_small() -> None:
    decision = scaled(leg(quantity=100), leg(NVDA, Side.SELL, 1), factor="0.9")
    assert (decision.reason, decision.orders) == (R.TOO_SMALL, ())


def test_no_leg_is_ordered_where_one_has_no_price() -> None:
    from fund_pipeline_tests.cerebro.sizing.worlds import quote

    decision = decided(signal(leg(), leg(NVDA, Side.SELL)), world(quotes={AAPL: quote(150)}))
    assert (decision.reason, decision.orders) == (R.NO_PRICE, ())


def test_an_option_spread_keeps_its_ratio_in_whole_multiples() -> None:
    legs = leg(CALL_450, quantity=3, combination=0, ratio=1), leg(CALL_460, Side.SELL, 6, combination=0, ratio=2)
    long_account = account(equity=D(10**8))
    decision = scaled(*legs, factor="1.6", account=long_account)
    assert sizes(decision) == {CALL_450: 4, CALL_460: -8}


def test_less_than_one_multiple_is_too_small() -> None:
    legs = leg(CALL_450, quantity=1), leg(CALL_460, Side.SELL, 2)
    assert scaled(*legs, factor="0.9").reason is R.TOO_SMALL


def test_a_futures_calendar_keeps_its_ratio() -> None:
    rich = fund(equity=D(10**8), day_start_equity=D(10**8))
    decision = decided(
        signal(leg(GC, quantity=5), leg(GC_FEB, Side.SELL, 5), sender_equity=D(3 * 10**7)), world(fund=rich)
    )
    assert sizes(decision) == {GC: 8, GC_FEB: -8}


def test_stock_against_options_is_a_combination() -> None:
    covered = leg(AAPL, quantity=100), leg(CALL_460, Side.SELL, 1)
    assert sizes(scaled(*covered, factor="1.99")) == {AAPL: 100, CALL_460: -1}


def test_margin_cuts_a_combination_by_whole_multiples() -> None:
    """A 450/460 call spread for 12 - 7 risks 500 a piece: 10 fit into 5,400."""
    legs = leg(CALL_450, quantity=20), leg(CALL_460, Side.SELL, 20)
    decision = scaled(*legs, factor="1", account=account(equity=D(13500)))
    assert (decision.outcome, decision.reason) == (DecisionOutcome.RESIZED, R.MARGIN_LIMIT)
    assert sizes(decision) == {CALL_450: 10, CALL_460: -10}
    assert sum(order.reserved_margin for order in decision.orders) == 5000


def test_margin_that_would_break_a_pairs_ratio_refuses_it() -> None:
    """2:1 takes 600 at 50 %: cut to 380 it would be 1:0."""
    decision = scaled(leg(quantity=2), leg(NVDA, Side.SELL, 1), factor="1", account=account(equity=D(950)))
    assert (decision.outcome, decision.reason, decision.orders) == (DecisionOutcome.REJECTED, R.MARGIN_LIMIT, ())


def test_margin_cuts_both_legs_of_a_pair_alike() -> None:
    decision = scaled(leg(quantity=100), leg(NVDA, Side.SELL, 100), factor="1", account=account(equity=D(50000)))
    assert sizes(decision) == {AAPL: 61, NVDA: -61}


def two(first: dict, second: dict, **changes) -> dict:
    return {
        "strategy": strategy(accounts=("A", "B"), **changes),
        "accounts": [account("A", **first), account("B", **second)],
    }


def placed(decision) -> dict[str, D]:
    return {order.account_id: order.quantity for order in decision.orders}


def test_an_entry_is_spread_in_proportion_to_available_margin() -> None:
    facts = two({"equity": D(300000)}, {"equity": D(600000), "margin_used": D(0), "available_margin": D(100000)})
    assert placed(scaled(leg(quantity=100), factor="1", **facts)) == {"A": 75, "B": 25}


def test_an_entry_is_spread_equally_where_the_strategy_says_so() -> None:
    facts = two({"equity": D(300000)}, {"equity": D(100000)}, spreading=Spreading.EQUAL)
    assert placed(scaled(leg(quantity=100), factor="1", **facts)) == {"A": 50, "B": 50}


def test_what_rounding_leaves_over_goes_to_one_of_the_accounts() -> None:
    decision = scaled(leg(quantity=17), factor="1", **two({}, {}))
    assert sorted(placed(decision).values()) == [8, 9]


def test_one_contract_for_two_accounts_goes_to_one() -> None:
    decision = scaled(leg(GC, quantity=1), factor="1", **two({}, {}))
    assert placed(decision) == {"A": 1}


def test_what_one_account_cannot_take_spills_to_the_other() -> None:
    facts = two({"equity": D(10000)}, {"equity": D(300000)}, spreading=Spreading.EQUAL)
    decision = scaled(leg(quantity=200), factor="1", **facts)
    assert (decision.outcome, placed(decision)) == (DecisionOutcome.APPROVED, {"A": 53, "B": 147})


def test_parts_below_the_minimum_are_gathered_in_one_account() -> None:
    lots = Terms(lot_step=D(1), multiplier=D(1), currency="USD", minimum=D(60))
    decision = scaled(leg(quantity=100), factor="1", terms=terms() | {AAPL: lots}, **two({}, {}))
    assert list(placed(decision).values()) == [100]


def test_an_account_takes_only_legs_of_its_asset_classes() -> None:
    facts = two({"asset_classes": frozenset({AssetClass.STOCK})}, {"asset_classes": frozenset({AssetClass.CRYPTO})})
    decision = scaled(leg(quantity=100), leg(BTC, quantity=1), factor="1", **facts)
    assert {order.instrument_key: order.account_id for order in decision.orders} == {AAPL: "A", BTC: "B"}


def test_accounts_of_other_currencies_are_weighed_at_their_rate() -> None:
    facts = two({"equity": D(100000)}, {"equity": D(100000), "currency": "EUR"})
    decision = scaled(leg(quantity=100), factor="1", fx={("EUR", "USD"): D("1.5")}, **facts)
    assert placed(decision) == {"A": 40, "B": 60}
    assert [order.reserved_margin for order in decision.orders] == [3000, 3000]


def test_attached_stop_and_target_cancel_each_other_and_cover_the_entry() -> None:
    given = leg(quantity=10, stop_loss=D("140.001"), take_profit=D("160.009"))
    entry, stop, target = decided(signal(given), world()).orders
    assert [order.role for order in (entry, stop, target)] == ["ENTRY", "STOP", "TARGET"]
    assert {order.side for order in (stop, target)} == {Side.SELL}
    assert (stop.stop_price, target.limit_price) == (D("140.01"), D("160"))
    assert stop.oca_group == target.oca_group == "signal.0.A"
    assert {order.quantity for order in (entry, stop, target)} == {10}
    assert stop.reserved_margin == target.reserved_margin == 0


def test_what_rounding_leaves_over_never_passes_an_accounts_limit() -> None:
    """Room for 10.5 of each leg in both accounts: 21 of each are wanted, and 20 fit."""
    equity = D("10.5") * (75 + 250) / D("0.4")
    facts = two({"equity": equity}, {"equity": equity}, spreading=Spreading.EQUAL)
    decision = scaled(leg(quantity=21), leg(NVDA, Side.SELL, 21), factor="1", **facts)
    for name in ("A", "B"):
        margin = sum(order.reserved_margin for order in decision.orders if order.account_id == name)
        assert margin <= equity * D("0.4")
    assert sizes(decision) in ({AAPL: 21, NVDA: -20}, {AAPL: 20, NVDA: -20})
