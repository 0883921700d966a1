"""A decision's figures are plain JSON and enough to recompute it; its explanation tells them."""

from __future__ import annotations

import json
import re
from fractions import Fraction

import pytest
from hypothesis import given, settings

from fund_pipeline.cerebro.sizing import DecisionReason, decide, explain, reasons_table
from fund_pipeline.terms import DecisionOutcome, HaltState, OrderRole, Side, SignalType, SizingMode
from fund_pipeline_tests.cerebro.sizing.recompute import entry_quantities, exit_quantities
from fund_pipeline_tests.cerebro.sizing.test_laws import entries, worlds
from fund_pipeline_tests.cerebro.sizing.test_limits import REFUSED
from fund_pipeline_tests.cerebro.sizing.worlds import (
    AAPL,
    NVDA,
    D,
    account,
    decided,
    entered,
    held,
    leaving,
    leg,
    quote,
    signal,
    strategy,
    working,
    world,
)
from fund_pipeline_tests.homes import ROOT


@settings(max_examples=120)
@given(worlds().filter(lambda facts: len(facts.accounts) == 1), entries())
def test_an_entrys_quantities_follow_from_its_figures_alone(facts, sent) -> None:
    (decision,) = decide(sent, facts).decisions
    if decision.orders:
        found = {order.leg: Fraction(order.quantity) for order in decision.orders}
        assert found == entry_quantities(decision.figures)


@pytest.mark.parametrize("mode", [SizingMode.FULL_CAPITAL, SizingMode.FIXED_PCT])
def test_shared_capital_follows_from_the_figures_alone(mode: SizingMode) -> None:
    facts = world(strategy=strategy(sizing=mode, fixed_pct=D("0.07")))
    decision = decided(signal(leg(quantity=100), leg(NVDA, Side.SELL, 10)), facts)
    found = {order.leg: Fraction(order.quantity) for order in decision.orders}
    assert found
    assert found == entry_quantities(decision.figures)


def test_a_target_follows_from_the_figures_alone() -> None:
    facts = world(book=(entered("0.1"),), positions=(held(quantity=300),))
    decision = decided(signal(leg(side=None, quantity=None, target_weight=D("0.37"))), facts)
    assert {order.leg: Fraction(order.quantity) for order in decision.orders} == entry_quantities(decision.figures)


@pytest.mark.parametrize(("asked", "broker", "busy"), [(4, 17, 0), (4, 5, 0), (10, 12, 3), (3, None, 5)])
def test_an_exits_quantity_follows_from_its_figures_alone(asked, broker, busy) -> None:
    facts = world(
        book=(entered(10),),
        positions=(held(quantity=17, broker_quantity=None if broker is None else D(broker)),),
        orders=(working(OrderRole.EXIT, Side.SELL, busy),) if busy else (),
    )
    decision = decided(leaving(leg(AAPL, Side.SELL, asked)), facts)
    found = {(order.leg, order.account_id): Fraction(order.quantity) for order in decision.orders}
    assert found
    assert found == exit_quantities(decision.figures)


@pytest.mark.parametrize(("reason", "facts", "sent"), REFUSED)
def test_every_refusal_is_plain_json_and_told_with_its_remedy(reason, facts, sent) -> None:
    decision = decided(signal(**sent), world(**facts))
    json.dumps(decision.figures)
    told = explain(decision)
    assert reason.meaning in told
    assert reason.value in told
    assert f"To do: {reason.remedy}." in told
    assert "\n" not in told


def test_an_explanation_tells_a_size_as_a_person_reckons_it() -> None:
    facts = world(account=account(equity=D(100000), margin_used=D(30000)), quotes={AAPL: quote(100)})
    told = explain(decided(signal(leg(quantity=500)), facts))
    for part in (
        "ENTRY of S in fund F was cut to what fits",
        "(MARGIN_LIMIT)",
        "allocates 500,000 USD",
        "a factor of 1",
        "margin leaves 40 % of it",
        "margin goes from 30,000 to 40,000 USD, of at most 40,000",
        "BUY 200 STOCK:AAPL MARKET in A",
    ):
        assert part in told


def test_an_explanation_tells_an_exit() -> None:
    facts = world(book=(entered(10),), positions=(held(quantity=17),), halt=HaltState.HALTED)
    told = explain(decided(leaving(leg(AAPL, Side.SELL, 4)), facts))
    assert "we hold 17 STOCK:AAPL, the broker has 17" in told
    assert "closes 40 % of its position of 10, so that 6 is ordered" in told
    assert "waits until trading is resumed" in told


def test_every_reason_says_what_it_means_and_what_to_do() -> None:
    assert all(reason.meaning and reason.remedy for reason in DecisionReason)
    done = {DecisionReason.SIZED, DecisionReason.CLOSES, DecisionReason.CANCELS, DecisionReason.EXIT_QUEUED}
    assert all(decided(signal(**sent), world(**facts)).reason not in done for _, facts, sent in REFUSED)


def test_an_approved_decision_is_told_without_a_remedy() -> None:
    decision = decided(signal(), world())
    assert decision.outcome is DecisionOutcome.APPROVED
    assert "To do" not in explain(decision)
    assert decision.kind is SignalType.ENTRY


PAGE = (ROOT / "docs" / "sizing.md").read_text()


def test_the_page_has_every_reason() -> None:
    assert f"\n\n{reasons_table()}\n" in PAGE


def test_the_pages_worked_example_is_what_the_code_says() -> None:
    facts = world(account=account(equity=D(100000), margin_used=D(30000)), quotes={AAPL: quote(100)})
    told = explain(decided(signal(leg(quantity=500)), facts))
    assert re.sub(r"\s+", " ", told) in re.sub(r"\s*\n> ?", " ", PAGE)
