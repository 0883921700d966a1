"""The limits that people write are the ones that sizing reads."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal

import pytest

from fund_pipeline.accounts.limits import limits_of, strategy_limits_of
from fund_pipeline.accounts.registry import parse_fund, parse_strategy
from fund_pipeline.accounts.sizing_limits import SizingLimits, StrategyLimits
from fund_pipeline.cerebro.sizing.rules import RiskLimits, SizingRules
from fund_pipeline.errors import InputError
from fund_pipeline.terms import AssetClass

FUND = {"fund_id": "f", "name": "F", "currency": "USD", "capital": "1"}


def test_without_a_word_of_a_fund_the_rules_are_sizings_own() -> None:
    assert SizingLimits().rules() == SizingRules()
    assert StrategyLimits().risk_limits() == RiskLimits()


def test_every_rule_of_sizing_can_be_set_but_the_test_of_the_alert_channel() -> None:
    assert {field.name for field in fields(SizingRules)} - set(SizingLimits.model_fields) == {"channel_age_seconds"}
    assert {field.name for field in fields(RiskLimits)} <= set(StrategyLimits.model_fields)


def test_a_number_is_exactly_what_was_written_with_quotes_or_without() -> None:
    for written in (0.1, "0.1"):
        stored = parse_fund(FUND | {"risk_limits": {"sizing": {"margin_cap": written}}})
        assert stored.risk_limits == {"sizing": {"margin_cap": "0.1"}}
        assert limits_of("f", stored.risk_limits).sizing.rules().margin_cap == Decimal("0.1")
        kept = parse_strategy({"strategy_id": "A", "risk_limits": {"max_position_notional": written}})
        assert kept.risk_limits == {"max_position_notional": "0.1"}
        limits = strategy_limits_of("A", kept.risk_limits).risk_limits()
        assert limits == RiskLimits(max_position_notional=Decimal("0.1"))


def test_a_margin_rate_that_is_given_replaces_that_one_alone() -> None:
    rules = limits_of("f", {"sizing": {"margin_rates": {"CRYPTO": "0.5"}}}).sizing.rules()
    assert rules.margin_rates == {**SizingRules().margin_rates, AssetClass.CRYPTO: Decimal("0.5")}


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"max_notional": 1}, "risk_limits.max_notional is 1: Extra inputs"),
        ({"max_position_notional": "-1"}, "risk_limits.max_position_notional is '-1'"),
        ({"max_position_notional": "NaN"}, "risk_limits.max_position_notional is 'NaN'"),
        ({"alpha_policy": "perhaps"}, "risk_limits.alpha_policy is 'perhaps'"),
        ({"max_orders_per_minute": 0}, "risk_limits.max_orders_per_minute is 0"),
    ],
)
def test_a_limit_of_a_strategy_that_sizing_does_not_know_is_named(limits: dict[str, object], told: str) -> None:
    with pytest.raises(InputError, match=told):
        parse_strategy({"strategy_id": "A", "risk_limits": limits})
    with pytest.raises(InputError, match=f"strategy A: risk limit {told.removeprefix('risk_limits.')}"):
        strategy_limits_of("A", limits)


def test_a_wrong_rule_of_a_fund_is_named() -> None:
    with pytest.raises(InputError, match=r"fund f: risk_limits\.sizing\.daily_loss is 2"):
        parse_fund(FUND | {"risk_limits": {"sizing": {"daily_loss": 2}}})
