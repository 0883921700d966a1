"""Every limit on entries: what it refuses, and exactly where."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fund_pipeline.cerebro.sizing import (
    AlphaPolicy,
    DecisionReason,
    Quote,
    RiskLimits,
    SizingRules,
    decide,
    decide_batch,
)
from fund_pipeline.terms import AssetClass, DecisionOutcome, HaltState, OrderType, Side
from fund_pipeline_tests.cerebro.sizing.worlds import (
    AAPL,
    CALL_450,
    CALL_460,
    GC,
    NVDA,
    D,
    account,
    decided,
    fund,
    held,
    leg,
    quote,
    quotes,
    signal,
    sizes,
    strategy,
    terms,
    working,
    world,
)

R = DecisionReason
LIVE = {"strategy": strategy(live=True), "account": account(live=True)}

REFUSED = [
    (R.UNKNOWN_STRATEGY, {"strategies": []}, {}),
    (R.DROPPED_STALE, {}, {"age_seconds": 900.1}),
    (R.DROPPED_STALE, {}, {"stale": True}),
    (R.DROPPED_STALE, {"strategy": strategy(entry_age_seconds=10)}, {"age_seconds": 11}),
    (R.DROPPED_STALE, {}, {"age_seconds": float("nan")}),
    (R.REDUCING, {"halt": HaltState.REDUCING}, {}),
    (R.HALTED, {"halt": HaltState.HALTED}, {}),
    (R.HALTED, {"halt": HaltState.REDUCING, "fund": fund(halt=HaltState.HALTED)}, {}),
    (R.REDUCING, {"fund": fund(halt=HaltState.REDUCING)}, {}),
    (R.STRATEGY_NOT_ACTIVE, {"strategy": strategy(active=False)}, {}),
    (R.NO_ACTIVE_ALLOCATION, {"fund": fund(weights=None)}, {}),
    (R.NOT_ALLOCATED, {"fund": fund(weights={})}, {}),
    (R.NOT_ALLOCATED, {"fund": fund(weights={"S": D(0)})}, {}),
    (R.NO_EQUITY, {"fund": fund(equity=None)}, {}),
    (R.NO_EQUITY, {"fund": fund(equity=D(0))}, {}),
    (R.NO_EQUITY, {"fund": fund(equity=D(-5))}, {}),
    (R.NO_DAY_START, {"fund": fund(day_start_equity=None)}, {}),
    (R.DAILY_LOSS, {"fund": fund(equity=D(980000))}, {}),
    (R.DAILY_LOSS, {"fund": fund(equity=D(1080000), day_flows=D(100000))}, {}),
    (R.DRAWDOWN_STOP, {"fund": fund(drawdown_stopped=True)}, {}),
    (R.NO_PEAK, {"rules": SizingRules(drawdown_stop=D("0.2"))}, {}),
    (
        R.DRAWDOWN_STOP,
        {"fund": fund(peak_equity=D(1250000)), "rules": SizingRules(drawdown_stop=D("0.2"))},
        {},
    ),
    (R.NO_ALERT_CHANNEL, LIVE, {}),
    (R.NO_ALERT_CHANNEL, LIVE | {"channel_age_seconds": 86401}, {}),
    (R.NO_ACCOUNT, {"strategy": strategy(accounts=())}, {}),
    (R.NO_ACCOUNT, {"account": account(fund_id="G")}, {}),
    (R.ASSET_CLASS_NOT_PERMITTED, {"account": account(asset_classes=frozenset({AssetClass.FUTURE}))}, {}),
    (R.MODE_MISMATCH, {"account": account(live=True)}, {}),
    (R.MODE_MISMATCH, {"strategy": strategy(live=True), "channel_age_seconds": 1}, {}),
    (R.ACCOUNT_CLOSED, {"account": account(is_open=False)}, {}),
    (R.STALE_STATE, {"account": account(age_seconds=300.1)}, {}),
    (R.STALE_STATE, {"account": account(age_seconds=None)}, {}),
    (R.STALE_STATE, {"account": account(age_seconds=-6)}, {}),
    (R.NO_EQUITY, {"account": account(equity=None)}, {}),
    (R.NO_EQUITY, {"account": account(equity=D(-1))}, {}),
    (R.NOT_RECONCILED, {"account": account(reconciled=False)}, {}),
    (R.NOT_RECONCILED, {"account": account(locked=frozenset({AAPL}))}, {}),
    (R.NO_TERMS, {"terms": {}}, {}),
    (R.NO_PRICE, {"quotes": {}}, {}),
    (R.NO_PRICE, {"quotes": {AAPL: Quote(bid=D(150), ask=None, last=D(150), age_seconds=1)}}, {}),
    (R.NO_PRICE, {"quotes": {AAPL: quote(0)}}, {}),
    (R.NO_PRICE, {"quotes": {AAPL: quote("NaN")}}, {}),
    (R.STALE_QUOTE, {"quotes": {AAPL: quote(150, age=60.1)}}, {}),
    (R.STALE_QUOTE, {"quotes": {AAPL: quote(150, age=-6)}}, {}),
    (R.PRICE_SANITY, {"quotes": {AAPL: Quote(bid=D(121), ask=D("120.6"), last=D(120), age_seconds=1)}}, {}),
    (R.PRICE_SANITY, {"quotes": {AAPL: Quote(bid=D(120), ask=D("120.01"), last=D(100), age_seconds=1)}}, {}),
    (R.PRICE_SANITY, {"quotes": {AAPL: Quote(bid=D(90), ask=D(111), last=D(100), age_seconds=1)}}, {}),
    (R.CAPITAL_IN_USE, {"positions": (held(NVDA, 1000),)}, {}),
    (R.MARGIN_LIMIT, {"account": account(margin_used=D(400000))}, {}),
    (R.MARGIN_LIMIT, {"orders": (working(strategy="T", reserved_margin=D(400000)),)}, {}),
    (R.ALPHA_UNKNOWN, {"strategy": strategy(alpha_policy=AlphaPolicy.DROP)}, {}),
    (R.OPPOSITE_POSITION, {"positions": (held(quantity=-1),)}, {}),
    (R.ORDERS_PER_MINUTE, {"strategy": strategy(risk_limits=RiskLimits(max_orders_per_minute=0))}, {}),
    (R.STRATEGY_LIMIT, {"strategy": strategy(risk_limits=RiskLimits(max_strategy_notional=D(0)))}, {}),
    (R.POSITION_LIMIT, {"strategy": strategy(risk_limits=RiskLimits(max_position_share=D(0)))}, {}),
    (R.POSITIONS_LIMIT, {"strategy": strategy(risk_limits=RiskLimits(max_open_positions=0))}, {}),
]


@pytest.mark.parametrize(("reason", "facts", "sent"), REFUSED, ids=lambda value: value if isinstance(value, R) else "")
def test_an_entry_beyond_a_limit_is_refused_with_its_reason(reason: R, facts: dict, sent: dict) -> None:
    decision = decided(signal(**sent), world(**facts))
    assert (decision.reason, decision.orders) == (reason, ())
    assert decision.outcome in (DecisionOutcome.REJECTED, DecisionOutcome.DROPPED)


KEPT = [
    ({}, {"age_seconds": 900}),
    ({"strategy": strategy(entry_age_seconds=2000)}, {"age_seconds": 1900}),
    ({"fund": fund(equity=D("980000.01"))}, {}),
    ({"fund": fund(equity=D(1079000), day_flows=D(98000))}, {}),
    (LIVE | {"channel_age_seconds": 86400}, {}),
    ({"account": account(age_seconds=300)}, {}),
    ({"account": account(age_seconds=-5)}, {}),
    ({"account": account(locked=frozenset({NVDA}))}, {}),
    ({"quotes": {AAPL: quote(150, age=60)}}, {}),
    ({"quotes": {AAPL: Quote(bid=D(119), ask=D(120), last=D(100), age_seconds=1)}}, {}),
    ({"quotes": {AAPL: Quote(bid=D(150), ask=D(150), last=None, age_seconds=1)}}, {}),
    ({"account": account(margin_used=D(399250))}, {}),
    ({"orders": (working(strategy="T", reserved_margin=D(400000), counted_by_broker=True),)}, {}),
    ({"strategy": strategy(risk_limits=RiskLimits(max_orders_per_minute=3)), "recent_orders": {"S": 2}}, {}),
    ({"strategy": strategy(risk_limits=RiskLimits(max_position_notional=D(1500)))}, {}),
    ({"strategy": strategy(risk_limits=RiskLimits(max_open_positions=1)), "positions": (held(),)}, {}),
    ({"fund": fund(peak_equity=D(1250000)), "rules": SizingRules(drawdown_stop=D("0.21"))}, {}),
]


@pytest.mark.parametrize(("facts", "sent"), KEPT)
def test_an_entry_exactly_at_a_limit_is_ordered_in_full(facts: dict, sent: dict) -> None:
    decision = decided(signal(**sent), world(**facts))
    assert (decision.outcome, decision.reason) == (DecisionOutcome.APPROVED, R.SIZED)


@pytest.mark.parametrize(
    "changes", [{"key": None}, {"asset_class": None}, {"side": None}, {"quantity": None}, {"quantity": D(0)}]
)
def test_an_entry_that_lacks_something_is_never_filled_in(changes: dict) -> None:
    assert decided(signal(replace(leg(), **changes)), world()).reason is R.INCOMPLETE


@pytest.mark.parametrize("price", [D(121), D(79)])
def test_a_limit_price_far_from_the_last_trade_is_refused(price) -> None:
    given = leg(order_type=OrderType.LIMIT, limit_price=price)
    assert decided(signal(given), world(quotes={AAPL: quote(100)})).reason is R.PRICE_SANITY


@pytest.mark.parametrize(
    ("limits", "quantity", "reason"),
    [
        (RiskLimits(max_strategy_notional=D(80000)), 33, R.STRATEGY_LIMIT),
        (RiskLimits(max_strategy_share=D("0.08")), 33, R.STRATEGY_LIMIT),
        (RiskLimits(max_position_notional=D(20000)), 33, R.POSITION_LIMIT),
        (RiskLimits(max_position_notional=D(20000), max_position_share=D("0.5")), 33, R.POSITION_LIMIT),
    ],
)
def test_a_risk_limit_cuts_to_what_fits(limits: RiskLimits, quantity: int, reason: R) -> None:
    facts = world(strategy=strategy(risk_limits=limits), positions=(held(quantity=100), held(NVDA, 120)))
    decision = decided(signal(leg(quantity=100)), facts)
    assert (decision.outcome, decision.reason, sizes(decision)) == (DecisionOutcome.RESIZED, reason, {AAPL: quantity})


def test_the_nearest_account_gives_the_reason_and_all_are_told() -> None:
    facts = world(
        strategy=strategy(accounts=("A", "B", "C")),
        accounts=[account(is_open=False), account("B", reconciled=False), account("C", live=True)],
    )
    decision = decided(signal(), facts)
    assert decision.reason is R.NOT_RECONCILED
    told = {row["account"]: row["reason"] for row in decision.figures["refused"]["accounts_refused"]}
    assert told == {"A": "ACCOUNT_CLOSED", "B": "NOT_RECONCILED", "C": "MODE_MISMATCH"}


def test_an_unknown_alpha_trades_where_the_policy_says_so_and_is_recorded() -> None:
    for changes, price in (({}, D(100)), ({"expected_alpha": D(0)}, D(100)), ({"expected_alpha": D("0.02")}, None)):
        decision = decided(signal(leg(reference_price=price)), world(strategy=strategy(**changes)))
        row = next(row for row in decision.figures["limits"] if row["limit"] == "slippage")
        assert (decision.reason, row["share"], row["policy"]) == (R.SIZED, None, "trade")


def test_slippage_is_net_over_legs_by_notional() -> None:
    """A buy that lost 2 % of 150,000 and a sale that won 1 % of 50,000 lost 1.25 % of 200,000 together."""
    facts = world(
        strategy=strategy(expected_alpha=D("0.05")),
        fund=fund(weights={"S": D("0.5")}),
        quotes=quotes() | {AAPL: quote(153), NVDA: quote(505)},
    )
    legs = leg(quantity=100, reference_price=D(150)), leg(NVDA, Side.SELL, 10, reference_price=D(500))
    row = next(row for row in decided(signal(*legs), facts).figures["limits"] if row["limit"] == "slippage")
    expected = (D("0.02") * 15300 - D("0.01") * 5050) / (15300 + 5050)
    assert abs(D(row["slippage"]) - expected) < D("1e-25")


def test_a_limit_order_cannot_slip_beyond_its_limit() -> None:
    facts = world(strategy=strategy(expected_alpha=D("0.02")), quotes={AAPL: quote(110)})
    given = leg(order_type=OrderType.LIMIT, limit_price=D(100))
    assert decided(signal(given), facts).reason is R.SIZED


@pytest.mark.parametrize("changes", [{"stop_loss": D(150)}, {"take_profit": D(149)}])
def test_protection_on_the_wrong_side_is_refused(changes: dict) -> None:
    assert decided(signal(leg(**changes)), world()).reason is R.BAD_PROTECTION
    mirrored = {name: 300 - price for name, price in changes.items()}
    assert decided(signal(leg(side=Side.SELL, **mirrored)), world()).reason is R.BAD_PROTECTION


def test_what_a_batch_decided_counts_for_its_later_signals() -> None:
    rich = account(equity=D(100000), margin_used=D(30000))
    sent = [signal(leg(quantity=150), signal_id=name) for name in ("1", "2", "3")]
    found, after = decide_batch(sent, world(account=rich, quotes={AAPL: quote(100)}))
    assert [sizes(one.decisions[0]) for one in found] == [{AAPL: 150}, {AAPL: 50}, {}]
    assert [one.decisions[0].reason for one in found] == [R.SIZED, R.MARGIN_LIMIT, R.MARGIN_LIMIT]
    assert sum(order.reserved_margin for order in after.orders) == 10000
    assert sum(order.notional for order in after.orders) == 20000


def test_orders_of_the_batch_count_for_the_minute() -> None:
    hasty = strategy(risk_limits=RiskLimits(max_orders_per_minute=2))
    sent = [signal(signal_id=name) for name in ("1", "2", "3")]
    found, _ = decide_batch(sent, world(strategy=hasty))
    assert [one.decisions[0].reason for one in found] == [R.SIZED, R.SIZED, R.ORDERS_PER_MINUTE]


def test_every_fund_answers_for_itself() -> None:
    facts = world(
        strategy=strategy(accounts=("A", "B")),
        funds=[fund(), fund("G", weights={"S": D("0.1")}), fund("H", weights=None)],
        accounts=[account(), account("B", fund_id="G")],
    )
    found = {one.fund_id: (one.reason, sizes(one)) for one in decide(signal(leg(quantity=100)), facts).decisions}
    assert found == {"F": (R.SIZED, {AAPL: 100}), "G": (R.SIZED, {AAPL: 20}), "H": (R.NO_ACTIVE_ALLOCATION, {})}


def test_a_future_without_its_margin_is_refused() -> None:
    bare = replace(terms()[GC], margin_per_contract=None)
    assert decided(signal(leg(GC, quantity=1)), world(terms=terms() | {GC: bare})).reason is R.NO_MARGIN_RATE


@pytest.mark.parametrize(
    ("net", "order_type", "reason"),
    [
        ("5", OrderType.MARKET, R.SIZED),
        ("4.95", OrderType.MARKET, R.DROPPED_SLIPPAGE),
        ("5.2", OrderType.MARKET, R.SIZED),
        ("4.95", OrderType.LIMIT, R.SIZED),
    ],
)
def test_a_combination_slips_against_its_net_price(net: str, order_type: OrderType, reason: R) -> None:
    """450/460 calls cost 12 - 7 = 5 now; of an alpha of 3 %, 4.95 has lost a third."""
    combined = {"combination": 0, "ratio": 1, "net_price": D(net), "order_type": order_type}
    legs = leg(CALL_450, quantity=1, **combined), leg(CALL_460, Side.SELL, 1, **combined)
    assert decided(signal(*legs), world(strategy=strategy(expected_alpha=D("0.03")))).reason is reason
