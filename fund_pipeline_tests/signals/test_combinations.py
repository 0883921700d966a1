"""Options ordered as one: order, ratio and quantities."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from fund_pipeline.signals import (
    NoteCode,
    OrderType,
    Side,
)
from fund_pipeline.terms import Right
from fund_pipeline_tests.signals.payloads import (
    CALL,
    codes,
    read,
    signal,
    spread,
    v0,
    wing,
)


def test_option_legs_keep_their_order_and_ratio_and_whole_quantities() -> None:
    legs = (wing("SELL", 4, 460), wing("BUY", 2, 450), wing("BUY", 2, 470, right="P"))
    found = read(v0(spread(*legs), signal_type="ENTRY"))
    common: dict[str, Any] = {"order_type": OrderType.LIMIT, "reference_price": None, "net_price": Decimal("2.5")}
    leg = replace(CALL, combination=0, **common)
    assert found == signal(
        replace(
            leg, key="OPTION:SPY:20260117:460:C", strike=Decimal(460), side=Side.SELL, quantity=Decimal(4), ratio=2
        ),
        replace(leg, quantity=Decimal(2), ratio=1),
        replace(
            leg, key="OPTION:SPY:20260117:470:P", strike=Decimal(470), right=Right.PUT, quantity=Decimal(2), ratio=1
        ),
        format="v2",
    )


def test_an_exit_may_leave_a_combinations_expiry_to_the_position() -> None:
    legs = (wing("SELL", 1, 450, expiry=None), wing("BUY", 1, 460, expiry=None))
    found = read(v0(spread(*legs), signal_type="EXIT"))
    assert [(leg.key, leg.strike) for leg in found.legs] == [(None, 450), (None, 460)]


def test_a_combination_of_several_multiplies_a_ratio_in_lowest_terms() -> None:
    found = read(v0(spread(wing("BUY", 1, 450), wing("SELL", 2, 460), quantity=5, action="BUY"), signal_type="ENTRY"))
    assert [(leg.quantity, leg.ratio) for leg in found.legs] == [(5, 1), (10, 2)]
    assert codes(found) == {NoteCode.COMBINATION_ACTION, NoteCode.COMBINATION_QUANTITY}


def test_a_combination_whose_legs_are_whole_already_is_not_multiplied() -> None:
    found = read(v0(spread(wing("BUY", 5, 450), wing("SELL", 5, 460), quantity=5), signal_type="ENTRY"))
    assert [(leg.quantity, leg.ratio) for leg in found.legs] == [(5, 1), (5, 1)]


def test_a_combination_of_one_leg_is_an_ordinary_leg() -> None:
    found = read(v0(spread(wing("BUY", 10, 450), order_type="MARKET", price=12.5), signal_type="ENTRY"))
    assert found == signal(CALL, format="v2")


def test_an_exit_may_leave_a_combinations_quantities_to_the_position() -> None:
    legs = (wing("SELL", None, 450), wing("BUY", None, 460))
    found = read(v0(spread(*legs, quantity=2), signal_type="EXIT", entry_signal_id="e-1"))
    assert [(leg.quantity, leg.ratio, leg.combination) for leg in found.legs] == [(None, None, 0)] * 2
    assert codes(found) == {NoteCode.INCOMPLETE, NoteCode.QUANTITY_IGNORED}
