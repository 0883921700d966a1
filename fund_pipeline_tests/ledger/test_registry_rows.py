from dataclasses import replace
from decimal import Decimal

import pytest

from fund_pipeline.errors import NotFoundError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.audit import history
from fund_pipeline.ledger.backtests import accept_dates, list_acceptances, list_summaries, put_statistics, put_summaries
from fund_pipeline.ledger.funds import get_fund, list_funds, put_fund
from fund_pipeline.ledger.model import DatesAcceptance, TradingMode
from fund_pipeline.ledger.strategies import get_strategy, list_strategies, put_strategy
from fund_pipeline.terms import SizingMode
from fund_pipeline_tests.samples import ACT, FUND, NOW, strategy, summary


def test_a_strategy_comes_back_as_it_was_registered(ledger: Ledger) -> None:
    full = strategy(
        "S",
        trading_mode=TradingMode.LIVE,
        sizing=SizingMode.TARGET_WEIGHT,
        accounts=("a1", "a2"),
        risk_limits={"max_position": 0.1},
        developer_contact="dev@example.com",
        notes="its rule",
        unit_notional=Decimal("52500"),
        margin_per_unit=Decimal("12500.50"),
        lot_step=Decimal("0.5"),
        max_gross=Decimal("1.5"),
        expected_alpha_per_trade=Decimal("0.002"),
    )
    assert put_strategy(ledger, full, ACT)
    assert get_strategy(ledger, "S") == full
    assert list_strategies(ledger) == (full,)


def test_registering_the_same_again_changes_and_audits_nothing(ledger: Ledger) -> None:
    assert put_strategy(ledger, strategy("S"), ACT)
    assert not put_strategy(ledger, strategy("S"), ACT)
    assert put_fund(ledger, FUND, ACT)
    assert not put_fund(ledger, FUND, ACT)
    assert [entry.action for entry in history(ledger, "strategy", "S")] == ["strategy_added"]
    assert [entry.action for entry in history(ledger, "fund", "demo")] == ["fund_added"]


def test_a_change_is_audited_with_who_when_and_what(ledger: Ledger) -> None:
    put_strategy(ledger, strategy("S"), ACT)
    put_strategy(ledger, replace(strategy("S"), notes="new"), ACT)
    entry = history(ledger, "strategy", "S")[-1]
    assert (entry.actor, entry.at, entry.action, entry.correlation_id) == ("test", NOW, "strategy_changed", "corr-1")
    assert entry.detail["notes"] == "new"


def test_funds_are_listed_and_an_unknown_one_is_refused_naming_the_known(ledger: Ledger) -> None:
    put_fund(ledger, FUND, ACT)
    assert list_funds(ledger) == (FUND,)
    with pytest.raises(NotFoundError, match=r"no fund 'other'.*demo"):
        get_fund(ledger, "other")


def test_an_unknown_strategy_is_refused_saying_how_to_add_it(ledger: Ledger) -> None:
    with pytest.raises(NotFoundError, match="fund strategies add ghost"):
        get_strategy(ledger, "ghost")


def test_a_newer_backtest_replaces_the_summary_and_keeps_the_others(ledger: Ledger) -> None:
    for name in ("A", "B"):
        put_strategy(ledger, strategy(name), ACT)
    put_summaries(ledger, [summary("A"), summary("B")], ACT)
    put_statistics(ledger, {"B": {"sharpe": 1.5}})
    put_summaries(ledger, [summary("A", content_hash="new", warnings=({"code": "X", "message": "m"},))], ACT)
    stored = {s.strategy_id: s for s in list_summaries(ledger)}
    assert stored["A"].content_hash == "new"
    assert stored["A"].warnings == ({"code": "X", "message": "m"},)
    assert stored["B"].statistics == {"sharpe": 1.5}


def test_dates_are_accepted_once_for_one_content(ledger: Ledger) -> None:
    put_strategy(ledger, strategy("A"), ACT)
    acceptance = DatesAcceptance("A", "hash", "user:x", "checked", NOW)
    assert accept_dates(ledger, acceptance, ACT)
    assert not accept_dates(ledger, acceptance, ACT)
    assert list_acceptances(ledger) == (acceptance,)
