"""Each fill earns or costs for the entries that it closes, and nothing is lost on the way."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st

from fund_pipeline.accounts.payouts import Matched, match
from fund_pipeline.execution.positions import apply
from fund_pipeline.ledger.payout_model import SignalFill
from fund_pipeline.terms import OrderRole, Side
from fund_pipeline_tests.accounts.payouts.fills import entry, execution, leave, of_signal


def net(matched: Matched) -> dict[str | None, Decimal]:
    """Gain less commission by entry signal."""
    found: dict[str | None, Decimal] = defaultdict(Decimal)
    for one in matched.realised:
        found[one.entry_signal_id] += one.gain - one.commission
    return dict(found)


def test_an_exit_that_names_its_entry_closes_that_one_and_then_the_oldest() -> None:
    found = match([entry(1, "a", "10", "100"), entry(2, "b", "10", "110"), leave(3, "15", "120", "b")])
    assert net(found) == {"b": 100, "a": 100}  # 10 x (120 - 110), then 5 x (120 - 100)
    assert [(one.entry_signal_id, one.quantity) for one in found.open_lots] == [("a", 5)]


def test_an_exit_that_names_none_closes_first_in_first_out() -> None:
    found = match([entry(1, "a", "10", "100"), entry(2, "b", "10", "110"), leave(3, "15", "120")])
    assert net(found) == {"a": 200, "b": 50}


def test_a_stop_closes_its_own_entry_though_another_is_older() -> None:
    stop = of_signal(execution(3, Side.SELL, "10", "95"), "b", OrderRole.STOP)
    found = match([entry(1, "a", "10", "100"), entry(2, "b", "10", "110"), stop])
    assert net(found) == {"b": -150}


def test_costs_are_the_entrys_when_it_is_paid_and_an_exits_go_by_what_it_closed() -> None:
    fee = {"commission": Decimal("1.00")}
    found = match([entry(1, "a", "10", "100", **fee), entry(2, "b", "20", "100", **fee), leave(3, "30", "100", **fee)])
    third = Decimal("0.333333333333")
    assert net(found) == {"a": -1 - third, "b": -1 - (1 - third)}


def test_a_commission_told_later_follows_what_its_order_traded() -> None:
    late = of_signal(
        execution(4, Side.SELL, "0", "0", client_order_id="3", commission=Decimal("3.00")), "exit-3", OrderRole.EXIT
    )
    found = match([entry(1, "a", "10", "100"), entry(2, "b", "20", "100"), leave(3, "30", "100"), late])
    assert net(found) == {"a": -1, "b": -2}


def test_a_short_gains_as_the_price_falls_and_crossing_zero_opens_the_rest() -> None:
    short = of_signal(execution(1, Side.SELL, "10", "100"), "a")
    found = match([short, entry(2, "b", "15", "90"), leave(3, "5", "95", "b")])
    assert net(found) == {"a": 100, "b": 25}
    assert found.open_lots == ()


def test_an_exit_told_before_its_entry_opens_a_lot_of_its_own_which_the_entry_closes() -> None:
    found = match([leave(1, "10", "120", "a"), entry(2, "a", "10", "100")])
    assert net(found) == {"exit-1": 200}
    assert found.open_lots == ()


def test_a_fill_of_no_order_of_ours_is_nobodys() -> None:
    found = match(
        [of_signal(execution(1, Side.BUY, "10", "100", strategy="UNATTRIBUTED", commission=Decimal(1)), None)]
    )
    assert net(found) == {None: -1}


def test_what_is_open_is_valued_at_a_price_and_its_multiplier() -> None:
    (lot,) = match([entry(1, "a", "2", "5000", multiplier=Decimal(50))]).open_lots
    assert lot.unrealised(Decimal("5010.25")) == Decimal("1025")


@st.composite
def trades(draw: st.DrawFn) -> list[SignalFill]:
    """Entries and exits of four signals in one book, on either side, some naming an entry."""
    found = []
    for number in range(1, draw(st.integers(2, 10))):
        one = execution(
            number,
            draw(st.sampled_from(Side)),
            str(draw(st.decimals("0.001", "100", places=3))),
            str(draw(st.decimals("0.01", "500", places=2))),
            commission=draw(st.decimals(0, 20, places=2)),
        )
        name = draw(st.sampled_from("abcd"))
        found.append(
            of_signal(one, name)
            if draw(st.booleans())
            else of_signal(one, f"exit-{number}", OrderRole.EXIT, draw(st.sampled_from([None, name])))
        )
    return found


@given(trades())
@settings(max_examples=60, deadline=None)
def test_realised_and_open_at_any_price_sum_to_the_money_that_moved(fills: list[SignalFill]) -> None:
    found, price = match(fills), Decimal("123.45")
    cash, held = Decimal(0), Decimal(0)
    for one in fills:
        signed = one.execution.quantity if one.execution.side is Side.BUY else -one.execution.quantity
        cash -= signed * one.execution.price + one.execution.commission
        held += signed
    assert sum(lot.quantity for lot in found.open_lots) == held
    assert sum(net(found).values()) + sum(lot.unrealised(price) for lot in found.open_lots) == cash + held * price


@given(trades())
@settings(max_examples=40, deadline=None)
def test_lots_are_those_of_the_books(fills: list[SignalFill]) -> None:
    position = None
    for one in fills:
        order = SimpleNamespace(role=one.role, signal_id=one.signal_id, leg=one.leg, closes_entry=one.closes_entry)
        position = apply(position, one.execution, order)  # type: ignore[arg-type]
    sums: dict[tuple[str | None, int], Decimal] = {}
    for lot in match(fills).open_lots:
        sums[lot.entry_signal_id, lot.leg] = sums.get((lot.entry_signal_id, lot.leg), Decimal(0)) + abs(lot.quantity)
    assert position is not None
    assert [(lot.signal_id, lot.leg, lot.quantity) for lot in position.lots] == [
        (*key, held) for key, held in sums.items()
    ]


@given(trades())
@settings(max_examples=30, deadline=None)
def test_what_was_realised_stays_when_more_is_told(fills: list[SignalFill]) -> None:
    for told in range(1, len(fills)):
        assert match(fills[:told]).realised == match(fills).realised[: len(match(fills[:told]).realised)]
