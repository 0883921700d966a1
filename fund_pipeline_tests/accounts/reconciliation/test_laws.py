"""Laws of the pure core: it converges in one pass, is idempotent, and nothing that comes of it sends an order."""

from __future__ import annotations

import ast
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

import fund_pipeline.accounts.reconciliation as room
from fund_pipeline.accounts.reconciliation import Ours, RepairKind, Theirs, reconcile
from fund_pipeline.accounts.reconciliation.cash import rebuild_cash
from fund_pipeline.execution.port import AccountState, BrokerExecution, BrokerPosition
from fund_pipeline.execution.positions import rebuild
from fund_pipeline.ledger.account_model import Account
from fund_pipeline.ledger.break_model import BreakKind, Opening
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.order_model import UNATTRIBUTED, Execution
from fund_pipeline.terms import AssetClass, Side

NOON = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
ACCOUNT = Account("a1", "demo", "Paper", "paper", "DU1", tuple(AssetClass), TradingMode.PAPER, "USD")
KEYS = ("STOCK:KO", "ETF:SPY", "CRYPTO:BTCUSD", "FUTURE:ESZ6", "FOREX:EURUSD")
money = st.decimals(min_value=1, max_value=500, places=2)


@st.composite
def fills(draw: st.DrawFn) -> BrokerExecution:
    key = draw(st.sampled_from(KEYS))
    return BrokerExecution(
        execution_id="",
        client_order_id=None,
        instrument_key=key,
        side=draw(st.sampled_from(list(Side))),
        quantity=Decimal(draw(st.integers(1, 50))),
        price=draw(money),
        commission=draw(st.sampled_from([Decimal(0), Decimal("1.25")])),
        commission_currency="USD",
        multiplier=Decimal(50) if key.startswith("FUTURE") else Decimal(1),
        currency="USD",
        executed_at=NOON,
    )


@st.composite
def both_sides(draw: st.DrawFn) -> tuple[Ours, Theirs]:
    """What a broker has done, and how much of it was booked, with what commission."""
    done = [
        replace(one, execution_id=f"E{place}", executed_at=NOON + timedelta(minutes=place))
        for place, one in enumerate(draw(st.lists(fills(), max_size=8)))
    ]
    booked = [one for one in done if draw(st.booleans())]
    cheap = [replace(one, commission=Decimal(0)) if draw(st.booleans()) else one for one in booked]
    ours = [_booked(one, place) for place, one in enumerate(cheap, 1)]
    opening = Opening("a1", {"USD": Decimal(1000)}, NOON - timedelta(days=1), 0)
    return _ours(ours, opening, adopts=draw(st.booleans())), _theirs(done, opening)


@settings(max_examples=60, deadline=None)
@given(both_sides())
def test_one_pass_makes_books_that_agree_and_a_second_finds_nothing_to_do(sides: tuple[Ours, Theirs]) -> None:
    ours, theirs = sides
    first = reconcile(ours, theirs)
    assert first.is_complete
    assert {one.kind for one in first.standing} <= {BreakKind.EXTERNAL_TRADE}
    after = _made(ours, [one for repair in first.repairs for one in repair.executions])
    second = reconcile(after, theirs)
    if not ours.adopts_external:
        assert second.repairs == ()
    adopted = _made(after, [one for repair in second.repairs for one in repair.executions])
    third = reconcile(adopted, theirs)
    assert third.repairs == ()
    assert third.standing == reconcile(adopted, theirs).standing
    assert all(one.kind is BreakKind.EXTERNAL_TRADE for one in third.standing)
    assert not (ours.adopts_external and third.standing)
    held = {one.instrument_key: one.quantity for one in theirs.positions or ()}
    mine: dict[str, Decimal] = {}
    for one in adopted.positions:
        mine[one.instrument_key] = mine.get(one.instrument_key, Decimal(0)) + one.quantity
    assert {key: one for key, one in mine.items() if one} == held
    cash = rebuild_cash(adopted)
    assert cash is not None
    assert theirs.state is not None
    assert theirs.state.cash_by_currency is not None
    assert abs(cash["USD"] - theirs.state.cash_by_currency["USD"]) < Decimal("0.000001")


@settings(max_examples=40, deadline=None)
@given(both_sides())
def test_a_broker_that_is_silent_on_one_question_gets_no_break_and_no_clearing_of_it(
    sides: tuple[Ours, Theirs],
) -> None:
    ours, theirs = sides
    for missing in ("positions", "executions", "state", "open_orders"):
        found = reconcile(ours, replace(theirs, **{missing: None}))
        kinds = {one.kind for one in found.standing}
        assert missing != "positions" or not kinds & {BreakKind.POSITION, BreakKind.SPLIT, BreakKind.CASH}
        assert missing != "executions" or not found.repairs
        assert missing != "state" or BreakKind.CASH not in kinds


def test_no_module_of_the_room_names_a_call_that_sends_changes_or_cancels_an_order() -> None:
    assert {one.value for one in RepairKind} == {"IMPORT", "ENTRY", "TAKE_WORD"}
    for path in Path(str(room.__file__)).parent.glob("*.py"):
        names = {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
        assert not names & {"submit", "modify", "cancel", "submit_intents", "record_all"}, path.name


def _booked(one: BrokerExecution, number: int) -> Execution:
    values = {name: getattr(one, name) for name in BrokerExecution.__dataclass_fields__ if name != "execution_id"}
    names = {"broker": "paper", "broker_account": "DU1", "account_id": "a1", "strategy": UNATTRIBUTED}
    return Execution(**values, **names, broker_execution_id=one.execution_id, received_at=NOON, number=number)


def _ours(executions: list[Execution], opening: Opening, *, adopts: bool) -> Ours:
    positions = tuple(one for one in rebuild(executions).values() if not one.is_flat)
    return Ours(ACCOUNT, positions, executions=tuple(executions), opening=opening, adopts_external=adopts)


def _made(ours: Ours, new: list[Execution]) -> Ours:
    last = len(ours.executions)
    numbered = [replace(one, number=last + place) for place, one in enumerate(new, 1)]
    assert ours.opening is not None
    return _ours([*ours.executions, *numbered], ours.opening, adopts=ours.adopts_external)


def _theirs(done: list[BrokerExecution], opening: Opening) -> Theirs:
    held: dict[str, tuple[Decimal, Decimal]] = {}
    cash = opening.amounts["USD"]
    for one in done:
        signed = one.quantity if one.side is Side.BUY else -one.quantity
        quantity, average = held.get(one.instrument_key, (Decimal(0), Decimal(0)))
        after = quantity + signed
        if one.instrument_key.startswith(("FUTURE", "FOREX")):
            closed = min(abs(signed), abs(quantity)) if quantity * signed < 0 else Decimal(0)
            cash += closed.copy_sign(quantity) * (one.price - average) * one.multiplier if closed else 0
        else:
            cash -= signed * one.price * one.multiplier
        cash -= one.commission
        if quantity * signed >= 0:
            average = (average * quantity + one.price * signed) / after
        elif after * quantity < 0:
            average = one.price
        held[one.instrument_key] = (after, average)
    positions = tuple(BrokerPosition(key, one, average) for key, (one, average) in held.items() if one)
    equity = Decimal(10) ** 9
    state = AccountState(equity, equity, Decimal(0), "USD", NOON + timedelta(hours=1), {"USD": cash})
    return Theirs(NOON + timedelta(hours=1), NOON - timedelta(days=2), state, positions, (), {}, tuple(done))
