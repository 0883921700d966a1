"""Laws of sizing, for whatever facts: no limit is passed, sizes are whole and rounded down, exits always go."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from fund_pipeline.cerebro.sizing import DecisionReason, RiskLimits, SignalFacts, Spreading, World, decide, decide_batch
from fund_pipeline.terms import DecisionOutcome, OrderRole, Side, SignalType
from fund_pipeline_tests.cerebro.sizing.test_exits import blocked
from fund_pipeline_tests.cerebro.sizing.worlds import (
    AAPL,
    BTC,
    CALL_450,
    CALL_460,
    EURUSD,
    GC,
    GC_FEB,
    NVDA,
    D,
    account,
    entered,
    fund,
    held,
    leaving,
    leg,
    signal,
    strategy,
    terms,
    working,
    world,
)

MARGIN_CAP = D("0.40")


def numbers(least: int, most: int, scale: str = "0.01") -> st.SearchStrategy[Decimal]:
    """Decimals that are not drawn to their ends, so that most entries have something to order."""
    return st.integers(least, most).map(lambda number: number * D(scale))


amounts = numbers(10_000_000, 900_000_000)
shares = numbers(100, 1500, "0.001")
sizes_sent = st.sampled_from(["0.5", "1", "2.5", "7", "40", "333.333", "3000"]).map(D)
quantities = st.decimals("0.001", 3000, places=3).filter(bool)
sides = st.sampled_from(Side)
singles = st.sampled_from([AAPL, NVDA, BTC, EURUSD, GC, CALL_450]).map(lambda key: (key,))
pairs = st.sampled_from([(AAPL, NVDA), (AAPL, BTC), (GC, GC_FEB), (CALL_450, CALL_460), (AAPL, CALL_460)])
limits = st.none() | st.none() | numbers(1_000_000, 100_000_000)


@st.composite
def entries(draw: st.DrawFn, name: str = "1") -> SignalFacts:
    keys = draw(singles | pairs)
    size = draw(sizes_sent)
    legs = [leg(key, draw(sides), size * draw(st.sampled_from([1, 1, 2, 3]))) for key in keys]
    equity = draw(numbers(1_000_000, 100_000_000))
    return signal(*legs, signal_id=name, sender_equity=equity)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    own = RiskLimits(max_position_notional=draw(limits), max_strategy_notional=draw(limits))
    names = draw(st.sampled_from([("A",), ("A", "B")]))
    equity = draw(numbers(10_000_000, 10_000_000_000))
    busy = draw(st.sets(st.sampled_from([AAPL, GC]), max_size=1))
    return world(
        strategy=strategy(
            accounts=names,
            max_gross=draw(st.none() | shares),
            risk_limits=own,
            spreading=draw(st.sampled_from(Spreading)),
        ),
        fund=fund(equity=equity, day_start_equity=equity, weights={"S": draw(shares)}),
        accounts=[account(name, equity=draw(amounts), margin_used=draw(amounts) / 40) for name in names],
        positions=tuple(held(key, draw(st.sampled_from([-3, 1, 5]))) for key in busy),
        orders=tuple(
            working(instrument_key=NVDA, notional=draw(amounts) / 40, reserved_margin=draw(amounts) / 80)
            for _ in range(draw(st.sampled_from([0, 0, 1, 2])))
        ),
    )


def notional(order, facts: World) -> Decimal:
    return order.quantity * facts.quotes[order.instrument_key].last * order.multiplier


def used(facts: World, key: str | None = None) -> Decimal:
    found = [
        abs(one.quantity) * facts.quotes[one.instrument_key].last * one.multiplier
        for one in facts.positions
        if key in (None, one.instrument_key)
    ]
    found += [one.notional for one in facts.orders if key in (None, one.instrument_key)]
    return sum(found, D(0))


@settings(max_examples=120)
@given(worlds(), entries("1"), entries("2"))
def test_no_limit_is_passed_by_one_signal_or_by_two_of_a_batch(facts: World, first, second) -> None:
    found, _ = decide_batch([first, second], facts)
    orders = [order for one in found for order in one.decisions[0].orders if order.role is OrderRole.ENTRY]
    if not orders:
        return
    own, only = facts.strategies["S"], facts.funds["F"]
    after = used(facts) + sum(notional(order, facts) for order in orders)
    assert after <= only.paper.equity * only.weights["S"] * (1 if own.max_gross is None else own.max_gross)
    if own.risk_limits.max_strategy_notional is not None:
        assert after <= own.risk_limits.max_strategy_notional
    for order in orders:
        same = [other for other in orders if other.instrument_key == order.instrument_key]
        after = used(facts, order.instrument_key) + sum(notional(other, facts) for other in same)
        if own.risk_limits.max_position_notional is not None:
            assert after <= own.risk_limits.max_position_notional
        here = facts.accounts[order.account_id]
        pending = sum(o.reserved_margin for o in facts.orders if o.account_id == here.account_id)
        new = sum(other.reserved_margin for other in orders if other.account_id == here.account_id)
        assert here.margin_used + pending + new <= here.equity * MARGIN_CAP


@settings(max_examples=120)
@given(worlds(), entries())
def test_sizes_are_whole_steps_rounded_down_and_all_legs_or_none(facts: World, sent: SignalFacts) -> None:
    (decision,) = decide(sent, facts).decisions
    steps = terms()
    totals: dict[int, Decimal] = {}
    for order in decision.orders:
        own = steps[order.instrument_key]
        assert order.quantity > 0
        assert order.quantity >= own.minimum
        assert order.quantity % own.lot_step == 0
        totals[order.leg] = totals.get(order.leg, D(0)) + order.quantity
    assert not totals or len(totals) == len(sent.legs)
    for row in decision.figures.get("legs", ()):
        if row["leg"] in totals:
            assert totals[row["leg"]] <= D(row["wanted"])
    assert (decision.outcome in (DecisionOutcome.APPROVED, DecisionOutcome.RESIZED)) is bool(totals)


@settings(max_examples=60)
@given(
    worlds(), st.integers(1, 9), st.integers(1, 9), quantities, st.sampled_from([(GC, GC_FEB), (CALL_450, CALL_460)])
)
def test_combinations_keep_their_ratio_exactly(facts: World, one: int, two: int, size: Decimal, keys) -> None:
    legs = leg(keys[0], quantity=one), leg(keys[1], Side.SELL, two)
    (decision,) = decide(signal(*legs, sender_equity=size * 10000), replace(facts, positions=())).decisions
    for name in facts.accounts:
        placed = {order.leg: order.quantity for order in decision.orders if order.account_id == name}
        assert not placed or placed[0] * two == placed[1] * one


@settings(max_examples=60)
@given(worlds(), entries())
def test_deciding_the_same_twice_is_the_same(facts: World, sent: SignalFacts) -> None:
    assert decide(sent, facts) == decide(sent, facts)


@settings(max_examples=60)
@given(worlds(), entries(), sides, sizes_sent)
def test_what_only_opens_is_decided_alike_whatever_its_sender_has_open(
    facts: World, sent: SignalFacts, side: Side, size: Decimal
) -> None:
    assert not sent.reads_book
    book = tuple(entered(size, one.key or "", side, signal_id="before", leg=n) for n, one in enumerate(sent.legs))
    alone, beside = decide(sent, facts), decide(sent, replace(facts, book=book))
    assert (alone.decisions, alone.book, alone.quarantine) == (beside.decisions, beside.book, beside.quarantine)


@settings(max_examples=100)
@given(worlds(), singles, sides, sizes_sent, st.decimals("0.1", "0.99", places=2))
def test_less_equity_never_gives_more(facts: World, keys, side: Side, quantity: Decimal, part: Decimal) -> None:
    sent = signal(leg(keys[0], side, quantity), sender_equity=D(50000))
    less = facts.funds["F"].paper.equity * part
    poorer = replace(facts, funds={"F": fund(equity=less, day_start_equity=less, weights=facts.funds["F"].weights)})
    smaller = {name: replace(one, equity=one.equity * part) for name, one in facts.accounts.items()}
    whole = ordered(sent, facts)
    assert ordered(sent, poorer) <= whole
    if len(facts.accounts) == 1:
        assert ordered(sent, replace(facts, accounts=smaller)) <= whole


def ordered(sent: SignalFacts, facts: World) -> Decimal:
    (decision,) = decide(sent, facts).decisions
    return sum((order.quantity for order in decision.orders), D(0))


@settings(max_examples=100)
@given(
    st.sampled_from([-1, 1]),
    quantities,
    st.none() | quantities,
    st.decimals(0, 500, places=3),
    quantities,
    quantities,
    st.sampled_from([SignalType.EXIT, SignalType.SCALE_OUT]),
)
def test_an_exit_is_never_more_than_the_position_less_working_exits_and_never_blocked(
    way: int, ours: Decimal, broker: Decimal | None, busy: Decimal, book: Decimal, asked: Decimal, kind: SignalType
) -> None:
    opened, closes = (Side.BUY, Side.SELL) if way > 0 else (Side.SELL, Side.BUY)
    facts = {
        "book": (entered(book, side=opened),),
        "positions": (held(quantity=ours * way, broker_quantity=None if broker is None else broker * way),),
        "orders": (working(OrderRole.EXIT, closes, busy),) if busy else (),
        "terms": terms(),
    }
    sent = leaving(leg(AAPL, closes, asked), kind=kind)
    (decision,) = decide(sent, world(**facts)).decisions
    most = max(min(ours, ours if broker is None else broker) - busy, D(0))
    total = sum((order.quantity for order in decision.orders), D(0))
    assert total <= most
    assert {order.side for order in decision.orders} <= {closes}
    if asked >= book:
        assert total == most
    (refused_entries,) = decide(sent, blocked(**facts)).decisions
    assert refused_entries.orders == decision.orders


@settings(max_examples=60)
@given(st.lists(st.tuples(quantities, st.booleans()), min_size=1, max_size=6), quantities)
def test_a_ladder_ends_flat(rungs, ours: Decimal) -> None:
    """Exits in any sizes that sum to what was entered close all we hold, wherever they name an entry or none."""
    book = tuple(entered(size, signal_id=f"e{number}") for number, (size, _) in enumerate(rungs))
    facts = world(book=book, positions=(held(quantity=ours),))
    sizes = [size for size, _ in reversed(rungs)]
    sent = [
        leaving(leg(AAPL, Side.SELL, size), signal_id=f"x{number}", reference=f"e{number}" if names else None)
        for number, (size, (_, names)) in enumerate(zip(sizes, rungs, strict=True))
    ]
    found, after = decide_batch(sent, facts)
    closed = sum((order.quantity for one in found for order in one.decisions[0].orders), D(0))
    assert closed == ours
    assert all(not entry.remaining for entry in after.book)
    assert {one.decisions[0].reason for one in found} <= {
        DecisionReason.CLOSES,
        DecisionReason.TOO_SMALL,
        DecisionReason.NO_POSITION,
        DecisionReason.ALREADY_CLOSING,
    }
