"""NAVs struck by hand-reckoned examples, and the laws that hold for any."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as some

from fund_pipeline.accounts.nav.register import INITIAL_PRICE, UNIT, FeeTerms, Struck, Wish
from fund_pipeline.accounts.nav.shares import split
from fund_pipeline.accounts.performance import DayValue, ValueSeries, performance_fee, time_weighted
from fund_pipeline.errors import ConflictError
from fund_pipeline.ledger.client_model import Crystallisation, RequestKind
from fund_pipeline.ledger.nav_model import DealingKind
from fund_pipeline_tests.accounts.nav.worlds import NO_FEE, USUAL, World, day, refold

IN, OUT, OVER = RequestKind
MILLION = 1_000_000_00


def founded(*clients: tuple[str, int], terms: FeeTerms = USUAL) -> World:
    """A fund that these clients founded on its first day, with so many cents."""
    world = World(dict.fromkeys(("ada", "bob", "cyd"), terms))
    for name, amount in clients:
        world.bring(amount)
        world.ask(name, IN, amount=amount)
    assert world.close() is not None
    return world


@settings(max_examples=50)
@given(
    some.integers(0, 10**14),
    some.dictionaries(some.sampled_from("abcdefghij"), some.integers(0, 10**15), min_size=1),
)
def test_shares_sum_to_the_total_and_miss_their_exact_part_by_less_than_a_cent(
    total: int, weights: dict[str, int]
) -> None:
    if not any(weights.values()):
        weights |= {"somebody": 1}
    shares = split(total, weights)
    assert sum(shares.values()) == total
    whole = sum(weights.values())
    assert all(abs(shares[name] - Fraction(total * weight, whole)) < 1 for name, weight in weights.items())
    assert split(total, dict(reversed(weights.items()))) == shares


def test_the_cents_that_are_left_go_to_the_largest_remainders_and_of_equal_ones_to_the_first_by_name() -> None:
    assert split(100, {"b": 1, "a": 1, "c": 1}) == {"a": 34, "b": 33, "c": 33}
    assert split(10, {"a": 47, "b": 16, "c": 15, "d": 22}) == {"a": 5, "b": 2, "c": 1, "d": 2}


def test_the_fee_above_the_mark_is_the_one_of_the_published_example() -> None:
    """1.0m -> 1.2m: 40,000, mark 1.16m; 1.16m -> 1.0m: 0; -> 1.1m: 0; 1.1m -> 1.3m: 20 % of (1.3m - 1.16m) = 28,000."""
    world = founded(("ada", MILLION), terms=FeeTerms(200_000, Crystallisation.MONTH_END))
    made = {"2026-01-31": 200_000_00, "2026-02-28": -160_000_00, "2026-03-31": 100_000_00, "2026-04-30": 200_000_00}
    fees, marks = [], []
    while len(fees) < len(made):
        done = world.close(made.get(str(day(world.number)), 0))
        assert done is not None
        world.equity -= done.nav.fee  # the manager is paid at once
        world.fees_paid += done.nav.fee
        if str(done.close.day) in made:
            fees.append(done.nav.fee)
            marks.append(done.clients[0].mark)
    assert fees == [40_000_00, 0, 0, 28_000_00]
    assert marks == [1_160_000_00, 1_160_000_00, 1_160_000_00, 1_272_000_00]
    assert world.struck[-1].nav.nav == 1_272_000_00


def test_a_deposit_that_waits_for_its_nav_moves_nobodys_value() -> None:
    world = founded(("ada", MILLION), terms=NO_FEE)
    world.bring(500_000_00)
    waiting = world.close()
    assert waiting is not None
    assert (waiting.nav.nav, waiting.nav.performance, waiting.close.equity) == (MILLION, 0, 1_500_000_00)
    world.ask("bob", IN, amount=500_000_00)
    dealt = world.close(made=100_000_00)
    assert dealt is not None
    assert (dealt.nav.nav, dealt.nav.arriving, dealt.nav.inflow) == (1_100_000_00, 500_000_00, 0)
    [bought] = dealt.dealt
    assert bought.units == 500_000_00 * 10_000 * UNIT // 1_100_000_00  # 10,000 units at 110.00
    after = world.close()
    assert after is not None
    assert (after.nav.nav, after.nav.inflow, after.nav.performance) == (1_600_000_00, 500_000_00, 0)
    assert {one.client_id: one.value for one in after.clients} == {"ada": 1_100_000_00, "bob": 500_000_00}


def test_a_subscription_waits_until_its_money_is_there() -> None:
    world = founded(("ada", MILLION))
    world.ask("bob", IN, amount=100_00)
    early = world.close(made=10_000_00)
    assert early is not None
    assert (early.dealt, early.nav.arriving) == ((), 0)
    world.bring(100_00)
    late = world.close()
    assert late is not None
    assert [one.kind for one in late.dealt] == [DealingKind.SUBSCRIPTION]


def test_money_that_is_owed_for_a_redemption_pays_no_subscription() -> None:
    world = founded(("ada", MILLION), terms=NO_FEE)
    world.ask("ada", OUT, amount=200_000_00)
    world.ask("bob", IN, amount=200_000_00)
    done = world.close()
    assert done is not None
    assert [one.kind for one in done.dealt] == [DealingKind.REDEMPTION]
    after = world.close()
    assert after is not None
    assert (after.nav.nav, after.close.equity, after.dealt) == (800_000_00, MILLION, ())
    world.pay(200_000_00)
    paid = world.close()
    assert paid is not None
    assert (paid.nav.nav, paid.nav.performance, paid.dealt) == (800_000_00, 0, ())


def test_whoever_redeems_takes_their_part_of_the_fee_and_the_mark_with_them() -> None:
    world = founded(("ada", MILLION))
    world.ask("ada", OUT, units=2_500 * UNIT)
    done = world.close(made=200_000_00)
    assert done is not None
    [redeemed] = done.dealt
    assert (redeemed.amount, redeemed.fee, redeemed.mark) == (290_000_00, 10_000_00, 250_000_00)
    [ada] = done.clients
    assert (ada.value, ada.accrued, ada.outflow, ada.mark) == (1_160_000_00, 40_000_00, 290_000_00, 750_000_00)
    after = world.close()
    assert after is not None
    assert (after.nav.gross, after.nav.accrued, after.nav.nav) == (900_000_00, 30_000_00, 870_000_00)
    assert after.nav.performance == 0


def test_a_client_who_redeems_everything_is_paid_all_and_the_rest_keep_theirs() -> None:
    world = founded(("ada", 333_333_33), ("bob", 666_666_67))
    world.ask("ada", OUT)
    done = world.close(made=1)
    assert done is not None
    assert done.dealt[0].amount == done.clients[0].value
    after = world.close()
    assert after is not None
    assert [one.client_id for one in after.clients] == ["bob"]
    assert after.nav.nav == done.nav.nav - done.nav.outflow


def test_a_fund_that_all_have_left_may_be_founded_again() -> None:
    world = founded(("ada", MILLION))
    world.ask("ada", OUT)
    world.close()
    world.pay(MILLION)
    assert world.close() is None
    world.bring(MILLION)
    world.ask("bob", IN, amount=MILLION)
    again = world.close(made=500_00)
    assert again is not None
    assert (again.nav.units, again.nav.gross) == (MILLION * UNIT // INITIAL_PRICE, MILLION + 500_00)


def test_a_transfer_hands_over_units_their_mark_and_the_accrued_fee_and_the_fund_stays_as_it_is() -> None:
    world = founded(("ada", MILLION))
    world.ask("ada", OVER, units=4_000 * UNIT, to_client="bob")
    done = world.close(made=100_000_00)
    after = world.close()
    assert done is not None
    assert after is not None
    assert (done.nav.nav, after.nav.nav, after.nav.performance) == (1_080_000_00, 1_080_000_00, 0)
    assert {one.client_id: (one.value, one.mark, one.accrued, one.charge) for one in after.clients} == {
        "ada": (648_000_00, 600_000_00, 12_000_00, 0),
        "bob": (432_000_00, 400_000_00, 8_000_00, 0),
    }


@pytest.mark.parametrize("more", [{"units": 20_000 * UNIT}, {"amount": MILLION + 1}])
def test_a_redemption_above_the_holding_is_refused_at_the_nav_too(more: dict[str, int]) -> None:
    world = founded(("ada", MILLION))
    world.ask("ada", OUT, **more)
    world.ask("bob", OUT)
    done = world.close()
    assert done is not None
    assert [one.kind for one in done.dealt] == [DealingKind.REFUSED] * 2
    assert (done.nav.outflow, world.waiting) == (0, [])


def test_clients_below_zero_are_no_nav() -> None:
    world = founded(("ada", 100_00))
    with pytest.raises(ConflictError, match="below zero"):
        world.close(made=-100_01)


def test_nobody_is_charged_for_what_others_made_before_they_came() -> None:
    """Equalisation by each client's own mark: bob comes at the top, and pays nothing until he has gained."""
    world = founded(("ada", MILLION))
    world.bring(MILLION)
    world.ask("bob", IN, amount=MILLION)
    world.close(made=200_000_00)
    down = world.close(made=-110_000_00)
    up = world.close(made=220_000_00)
    assert down is not None
    assert up is not None
    fees = [{one.client_id: one.accrued for one in done.clients} for done in (down, up)]
    assert fees == [{"ada": 28_000_00, "bob": 0}, {"ada": 52_000_00, "bob": 10_000_00}]


# What may happen to a fund: each day it makes or loses a part, and a few of these are asked for.
clients = some.sampled_from(["ada", "bob", "cyd"])
rates = some.sampled_from([0, 100_000, 200_000, 333_333])
wants = some.one_of(
    some.tuples(some.just(IN), clients, some.integers(1, 10**9)),
    some.tuples(some.just(OUT), clients, some.integers(1, 10**12)),
    some.tuples(some.just(OVER), clients, some.integers(1, 10**12)),
)
days = some.lists(
    some.tuples(some.integers(-30, 30), some.lists(wants, max_size=3), some.booleans()), min_size=1, max_size=12
)


@dataclass
class Lived:
    """A world that went through days, with all that was asked for."""

    world: World
    wishes: list[Wish]


def lived(plan: list[tuple[int, list[tuple[RequestKind, str, int]], bool]], rate: int) -> Lived:
    world = founded(("ada", MILLION), ("bob", 12_345_67), terms=FeeTerms(rate, Crystallisation.MONTH_END))
    wishes: list[Wish] = []
    owed = 0
    for percent, asked, everything in plan:
        for kind, client, amount in asked:
            more: dict[str, object] = {"amount": amount} if kind is IN else {"units": amount}
            if kind is not IN and everything:
                more = {}
            if kind is OVER:
                more["to_client"] = "cyd" if client == "ada" else "ada"
            if kind is IN:
                world.bring(amount)
            wishes.append(world.ask(client, kind, **more))
        gross = world.register.gross + sum(one.amount for one in world.register.arrivals if one.is_money)
        done = world.close(made=gross * percent // 100)
        world.pay(owed)
        owed = 0 if done is None else done.nav.outflow
    return Lived(world, wishes)


@settings(max_examples=60, deadline=None)
@given(days, rates)
def test_whatever_happens_values_sum_to_nav_units_are_conserved_and_nav_moves_by_performance_and_flows(
    plan: list[tuple[int, list[tuple[RequestKind, str, int]], bool]], rate: int
) -> None:
    held: dict[str, int] = {}
    struck = lived(plan, rate).world.struck
    for before, done in zip([None, *struck], struck, strict=False):
        nav = done.nav
        for one in done.dealt:
            if one.at_open:
                held[one.client_id] = held.get(one.client_id, 0) + one.units
        charged = {one.client_id: one.units for one in done.dealt if one.kind is DealingKind.PERFORMANCE_FEE}
        assert sum(one.value for one in done.clients) == nav.nav
        assert sum(one.units for one in done.clients) == nav.units
        assert {one.client_id: one.units for one in done.clients} == {
            name: units + charged.get(name, 0) for name, units in held.items() if units
        }
        assert all(min(one.value, one.gross, one.units, one.accrued, one.closing_units) >= 0 for one in done.clients)
        for one in done.dealt:
            if not one.at_open:
                held[one.client_id] = held.get(one.client_id, 0) + one.units
        if before is not None:
            assert nav.performance == _made(done) - _made(before)
            charge = sum(one.charge for one in done.clients)
            assert nav.nav == before.nav.nav - before.nav.outflow + nav.inflow + nav.performance - charge


def _made(done: Struck) -> int:
    """What the fund ever made, by the accounts' side of the books alone."""
    close = done.close
    return close.equity - (close.deposited - close.withdrawn) + close.fees_paid


@settings(max_examples=40, deadline=None)
@given(days, rates)
def test_striking_everything_again_from_nothing_gives_the_same_to_the_last_digit(
    plan: list[tuple[int, list[tuple[RequestKind, str, int]], bool]], rate: int
) -> None:
    life = lived(plan, rate)
    first = life.world.struck[0]
    founding = [Wish(str(one.request_id), one.client_id, IN, first.close.day, one.amount) for one in first.dealt]
    again = refold(life.world, founding + life.wishes)
    assert list(again.struck) == life.world.struck


@settings(max_examples=40, deadline=None)
@given(days)
def test_flows_change_no_time_weighted_return(
    plan: list[tuple[int, list[tuple[RequestKind, str, int]], bool]],
) -> None:
    """The fund's TWR is that of a unit: what the days made, in per cent, whoever came and went."""
    struck = lived(plan, 0).world.struck
    assume(len(struck) == len(plan) + 1)  # while nobody holds a unit, none earns anything
    assume(all(one.register.holdings and one.register.gross > 1_000_00 for one in struck[:-1]))  # a cent is not much
    values = tuple(
        DayValue(
            one.close.day, Decimal(one.nav.nav - one.nav.outflow), Decimal(one.nav.inflow), Decimal(one.nav.outflow)
        )
        for one in struck
    )
    found = time_weighted(ValueSeries(Decimal(0), values))
    made = Decimal(1)
    for percent, _, _ in plan:
        made *= 1 + Decimal(percent) / 100
    assert isinstance(found, Decimal)
    assert abs(found + 1 - made) <= made * Decimal("0.0001")


@given(some.integers(0, 10**13), some.integers(0, 10**13), some.integers(0, 500_000))
def test_the_accrued_fee_is_the_performance_fee_of_the_performance_room(value: int, mark: int, rate: int) -> None:
    mine = (value - mark) * rate // 1_000_000 if value > mark else 0
    theirs = performance_fee(Decimal(value) / 100, Decimal(mark) / 100, Decimal(rate) / 1_000_000)
    assert Decimal(mine) / 100 == theirs.fee
