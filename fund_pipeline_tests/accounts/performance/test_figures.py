"""Figures as people and programs read them."""

from __future__ import annotations

from decimal import Decimal

from fund_pipeline.accounts.performance import NotDefined, as_json, percent


def test_what_rounds_to_nothing_has_no_sign_of_a_loss() -> None:
    assert [percent(Decimal(one)) for one in ("-0", "-0.00004", "-0.00006")] == ["+0.00 %", "+0.00 %", "-0.01 %"]
    assert [as_json(Decimal(one)) for one in ("-0", "-1e-13", "-1e-12")] == ["0." + "0" * 12] * 2 + [
        "-0." + "0" * 11 + "1"
    ]
    assert (percent(NotDefined.NO_DAYS), as_json(NotDefined.NO_DAYS)) == (
        "not defined: there is no valued day in the period",
        None,
    )
