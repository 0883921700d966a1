"""Average cost: worked examples, and the laws that every series of fills keeps."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fund_pipeline.errors import InvariantError
from fund_pipeline.execution.positions import apply, rebuild
from fund_pipeline.execution.recording import new_decision
from fund_pipeline.ledger.order_model import Execution, OrderRow, Position
from fund_pipeline.lots import Lot, total
from fund_pipeline.terms import OrderRole, Side
from fund_pipeline_tests.execution.world import KO, NOON, decision, planned

D = Decimal


def fill(side: Side, quantity: str | Decimal, price: str | Decimal, **fields: object) -> Execution:
    values: dict[str, object] = {
        "broker": "paper",
        "broker_account": "DU1",
        "broker_execution_id": "1",
        "client_order_id": None,
        "account_id": "a1",
        "strategy": "S",
        "instrument_key": KO,
        "side": side,
        "quantity": Decimal(quantity),
        "price": Decimal(price),
        "commission": Decimal(0),
        "commission_currency": "USD",
        "multiplier": Decimal(1),
        "currency": "USD",
        "executed_at": NOON,
        "received_at": NOON,
    }
    return Execution(**values | fields)  # type: ignore[arg-type]


def order(signal_id: str, role: OrderRole = OrderRole.ENTRY, **fields: object) -> OrderRow:
    (found,) = new_decision(decision(signal_id, planned(role, 10, **fields)), "batch", NOON).orders({})
    return found


def after(*fills: Execution) -> Position:
    position = None
    for one in fills:
        position = apply(position, one)
    assert position is not None
    return position


def test_average_cost_of_the_worked_example() -> None:
    # Worked example 8: 100 @ 150, then 50 @ 155 -> 150 @ 151.6667; sell 40 @ 160 -> 110 left, average unchanged.
    bought = after(fill(Side.BUY, "100", "150"), fill(Side.BUY, "50", "155"))
    assert (bought.quantity, round(bought.average_price, 4)) == (150, Decimal("151.6667"))
    sold = apply(bought, fill(Side.SELL, "40", "160"))
    assert (sold.quantity, round(sold.average_price, 4)) == (110, Decimal("151.6667"))
    assert round(sold.realised_pnl, 2) == Decimal("333.33")  # 40 x (160 - 151.6667)


def test_a_short_gains_as_the_price_falls_and_commission_is_taken_as_it_is_paid() -> None:
    fee = {"commission": Decimal("1.25")}
    short = after(fill(Side.SELL, "10", "50", **fee), fill(Side.BUY, "4", "45", **fee))
    assert (short.quantity, short.average_price, short.realised_pnl) == (-6, 50, Decimal("17.50"))
    assert short.commission == Decimal("2.50")


def test_a_multiplier_multiplies_the_gain_and_not_the_price() -> None:
    option = {"multiplier": Decimal(100)}
    held = after(fill(Side.BUY, "2", "3.10", **option), fill(Side.SELL, "1", "4.35", **option))
    assert (held.average_price, held.realised_pnl) == (Decimal("3.10"), 125)


def test_a_fill_that_crosses_zero_closes_all_and_opens_the_rest_at_its_price() -> None:
    crossed = after(fill(Side.BUY, "100", "50"), fill(Side.SELL, "130", "52"))
    assert (crossed.quantity, crossed.average_price, crossed.realised_pnl) == (-30, 52, 200)


def test_who_opened_a_position_is_remembered_until_it_is_flat_or_crosses() -> None:
    opened = apply(None, fill(Side.BUY, "10", "50"), order("one"))
    added = apply(opened, fill(Side.BUY, "10", "50"), order("two"))
    crossed = apply(added, fill(Side.SELL, "30", "50"), order("three", OrderRole.EXIT))
    flat = apply(crossed, fill(Side.BUY, "10", "50"), order("four"))
    assert [one.opened_by for one in (opened, added, crossed, flat)] == ["one", "one", "three", None]


def test_what_closes_takes_from_the_lot_it_names_then_from_the_oldest() -> None:
    held = None
    for signal_id in ("one", "two", "three"):
        held = apply(held, fill(Side.BUY, "10", "50"), order(signal_id))
    held = apply(held, fill(Side.SELL, "4", "55"), order("two", OrderRole.STOP))
    assert held.lots == (Lot("one", 0, D(10)), Lot("two", 0, D(6)), Lot("three", 0, D(10)))
    held = apply(held, fill(Side.SELL, "14", "55"), order("out", OrderRole.EXIT, closes_entry="three"))
    assert held.lots == (Lot("one", 0, D(6)), Lot("two", 0, D(6)))
    held = apply(held, fill(Side.SELL, "13", "55"), order("all", OrderRole.EXIT))
    assert (held.quantity, held.lots) == (-1, (Lot("all", 0, D(1)),))


def test_a_fill_of_nobodys_order_is_nobodys_lot() -> None:
    held = apply(apply(None, fill(Side.BUY, "10", "50"), order("one")), fill(Side.BUY, "5", "50"))
    assert held.lots == (Lot("one", 0, D(10)), Lot(None, 0, D(5)))


def test_a_commission_told_later_is_a_fill_of_nothing() -> None:
    held = after(fill(Side.BUY, "10", "50"), fill(Side.BUY, "0", "0", commission=Decimal("0.35")))
    assert (held.quantity, held.average_price, held.realised_pnl) == (10, 50, Decimal("-0.35"))


def test_a_commission_in_another_currency_is_left_out() -> None:
    held = after(fill(Side.BUY, "10", "50", commission=Decimal("0.01"), commission_currency="BNB"))
    assert (held.realised_pnl, held.commission) == (0, 0)


def test_a_fill_of_another_position_is_refused() -> None:
    with pytest.raises(InvariantError, match="multiplier 100"):
        after(fill(Side.BUY, "1", "1"), fill(Side.BUY, "1", "1", multiplier=Decimal(100)))


fills = st.lists(
    st.builds(
        fill,
        st.sampled_from(Side),
        st.decimals("0.001", "1000", places=3),
        st.decimals("0.0001", "90000", places=4),
        commission=st.decimals(0, 50, places=2),
        multiplier=st.just(Decimal(50)),
    ),
    min_size=1,
    max_size=12,
)


@given(fills)
def test_flat_the_realised_pnl_is_what_came_in_less_what_went_out(several: list[Execution]) -> None:
    held = after(*several)
    if held.quantity:
        side = Side.SELL if held.quantity > 0 else Side.BUY
        last = fill(side, abs(held.quantity), "123.4567", multiplier=Decimal(50))
        several, held = [*several, last], apply(held, last)
    money = sum((-_signed(one) * one.price * 50 - one.commission for one in several), Decimal(0))
    assert (held.quantity, held.cost, held.average_price) == (0, 0, 0)
    assert abs(held.realised_pnl - money) < Decimal("0.00000001")  # twelve steps of half a unit of the twelfth place


@given(fills)
def test_quantity_is_the_sum_of_fills_and_the_average_is_never_worse_than_the_worst_price(
    several: list[Execution],
) -> None:
    held = after(*several)
    assert held.quantity == sum(_signed(one) for one in several)
    assert total(held.lots) == abs(held.quantity)
    if held.quantity:
        prices = [one.price for one in several if one.side is (Side.BUY if held.quantity > 0 else Side.SELL)]
        slack = Decimal("0.00001")
        assert min(prices) - slack <= held.average_price <= max(prices) + slack
        assert (held.cost > 0) is (held.quantity > 0)


@given(fills, st.randoms(use_true_random=False))
def test_rebuilding_gives_what_was_booked_whatever_the_order_of_rows(several: list[Execution], random: object) -> None:
    numbered = [replace(one, number=number) for number, one in enumerate(several, 1)]
    expected = after(*numbered)
    random.shuffle(numbered)  # type: ignore[attr-defined]
    assert rebuild(numbered) == {("S", "a1", KO): expected}


def _signed(one: Execution) -> Decimal:
    return one.quantity if one.side is Side.BUY else -one.quantity
