"""What a broker's answer lacks: each has its own finding, clears nothing, and leaves the account's entries waiting."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from fund_pipeline.accounts.findings import FindingKind as F
from fund_pipeline.accounts.reconciliation.adopting import adopt, plan_adoption
from fund_pipeline.accounts.reconciliation.entries import EXTERNAL
from fund_pipeline.accounts.reconciliation.noting import note_equity
from fund_pipeline.accounts.reconciliation.running import make_ready
from fund_pipeline.errors import ConflictError, InputError
from fund_pipeline.execution.brokers.paper import FaultKind, PaperBroker
from fund_pipeline.execution.port import BrokerPosition
from fund_pipeline.ledger.account_books import books_of, note_start
from fund_pipeline.ledger.account_model import Severity
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.break_model import BooksState, BreakKind, ClearReason
from fund_pipeline.ledger.breaks import list_breaks
from fund_pipeline.ledger.order_model import UNATTRIBUTED, OrderState
from fund_pipeline.ledger.positions import list_positions
from fund_pipeline.ledger.snapshots import record_snapshot
from fund_pipeline.terms import OrderRole
from fund_pipeline_tests.accounts.reconciliation.injection import Desk
from fund_pipeline_tests.execution.world import World, planned
from fund_pipeline_tests.samples import snapshot

NAN = Decimal("NaN")


class Odd(PaperBroker):
    """The paper broker, whose answers a test changes."""

    state: dict[str, Any] = {}  # noqa: RUF012
    held: Callable[[tuple[BrokerPosition, ...]], tuple[BrokerPosition, ...]] = staticmethod(lambda told: told)

    def account_state(self):
        return replace(super().account_state(), **self.state)

    def positions(self):
        return self.held(super().positions())


@pytest.fixture
def desk(new_world: Callable[[], World]) -> Desk:
    return Desk(new_world(), random.Random(1))


def test_every_way_in_which_an_answer_is_not_whole_has_its_finding_and_clears_nothing(desk: Desk) -> None:
    world = desk.world
    world.broker.move_cash("USD", Decimal(-30_000))
    desk.reconcile()
    assert [one.found.kind for one in list_breaks(world.ledger)] == [BreakKind.CASH]
    world.broker.move_cash("USD", Decimal(30_000))  # it would be gone
    world.broker.__class__ = Odd
    cases: list[tuple[F, dict[str, Any], Callable[[tuple[BrokerPosition, ...]], tuple[BrokerPosition, ...]]]] = [
        (F.STALE, {"as_of": world.time - timedelta(hours=1)}, lambda told: told),
        (F.CLOCK_AHEAD, {"as_of": world.time + timedelta(hours=1)}, lambda told: told),
        (F.NOT_A_NUMBER, {"equity": NAN}, lambda told: told),
        (F.NOT_A_NUMBER, {}, lambda told: (replace(told[0], quantity=NAN), *told[1:])),
        (F.OTHER_CURRENCY, {"currency": "EUR"}, lambda told: told),
        (F.NEGATIVE_CASH, {"cash": Decimal(-5), "equity": Decimal(60_000)}, lambda told: told),
        (F.UNKNOWN_SYMBOL, {}, lambda told: (*told, BrokerPosition("STOCK:NOSUCH", Decimal(1), Decimal(1)))),
        (F.PARTIAL, {}, lambda told: told[1:]),
    ]
    for kind, state, held in cases:
        Odd.state, Odd.held = state, staticmethod(held)
        passed = desk.reconcile()
        assert kind in {one.kind for one in passed.last.findings}, kind
        assert passed.recorded is not None
        assert passed.recorded.cleared == ()
        assert not books_of(world.ledger)["a1"].may_enter
    Odd.state, Odd.held = {}, staticmethod(lambda told: told)
    for call in ("positions", "account_state", "open_orders", "executions"):
        world.fault(call, FaultKind.AWAY)
        found = desk.reconcile().last.findings
        assert [one.kind for one in found] == [F.PARTIAL], call
    for call in ("positions", "account_state", "open_orders", "executions"):
        world.fault(call, FaultKind.AWAY)
    assert [one.kind for one in desk.reconcile().last.findings] == [F.AWAY]
    assert BreakKind.CASH in {one.found.kind for one in list_breaks(world.ledger)}
    whole = desk.reconcile()
    assert whole.last.is_complete
    assert list_breaks(world.ledger) == ()
    assert books_of(world.ledger)["a1"].standing is BooksState.RECONCILED


def test_after_a_start_entries_wait_until_the_books_are_proved_and_exits_go(desk: Desk) -> None:
    world = desk.world
    [held] = {one.instrument_key for one in world.broker.positions()} & {"STOCK:KO"}
    note_start(world.ledger, world.time)
    [entry] = world.decide(planned(OrderRole.ENTRY, 10, instrument_key=held))
    [leaving] = world.decide(planned(OrderRole.EXIT, 10, instrument_key=held))
    world.send()
    assert world.state(entry) is OrderState.INTENT
    assert world.state(leaving) is not OrderState.INTENT
    [passed] = make_ready(desk.books)
    assert passed.last.is_complete
    assert make_ready(desk.books) == ()
    world.send()
    assert world.state(entry) is OrderState.ACKNOWLEDGED


def test_a_break_grows_louder_with_age_and_goes_with_its_alert_when_it_is_gone(desk: Desk) -> None:
    world = desk.world
    fill = desk.fill_of("STOCK:KO")
    world.broker.remove_fill(fill.execution_id)
    desk.reconcile()
    world.wait(1700)
    desk.reconcile()
    (young, *_) = [one for one in list_breaks(world.ledger) if one.found.kind is BreakKind.POSITION]
    assert (young.severity, young.passes) == (Severity.WARNING, 2)
    world.wait(200)
    desk.reconcile()
    assert "BREAK_POSITION" in world.alerts()
    assert world.alerts()["BREAK_POSITION"].trouble.severity is Severity.CRITICAL
    kind, subject = BreakKind.EXECUTION_NOT_AT_BROKER, fill.execution_id
    (busted,) = [one for one in list_breaks(world.ledger) if one.found.key == (kind, subject)]
    act = Act("person", world.time, "corr")
    plan = plan_adoption(world.ledger, busted.break_id, EXTERNAL, act)
    assert adopt(world.ledger, plan, "the broker busted it", act).cleared_because is ClearReason.ADOPTED
    world.wait(1)
    cleared = desk.reconcile().recorded
    assert cleared is not None
    assert {one.found.kind for one in cleared.cleared} == {BreakKind.POSITION, BreakKind.CASH}
    assert list_breaks(world.ledger) == ()
    assert not {name for name in world.alerts() if name.startswith("BREAK_")}


def test_what_a_person_says_a_break_is_is_booked_beside_it_and_the_books_agree(desk: Desk) -> None:
    world, broker = desk.world, desk.world.broker
    broker.trade_by_hand(desk.request("STOCK:AAPL", 7), Decimal(150))
    altered = desk.fill_of("STOCK:KO")
    broker.alter_fill(altered.execution_id, altered.quantity + 4, altered.price - 1)
    broker.split("STOCK:MSFT", 3, 2)
    broker.move_cash("USD", Decimal(-12_345))
    desk.reconcile()
    act = Act("person", world.time, "corr")
    for one in list_breaks(world.ledger):
        if one.found.kind is BreakKind.CASH or one.found.subject == "STOCK:KO":
            with pytest.raises(InputError, match="cannot be adopted"):
                plan_adoption(world.ledger, one.break_id, EXTERNAL, act)
            continue
        plan = plan_adoption(world.ledger, one.break_id, EXTERNAL, act)
        adopt(world.ledger, plan, "checked with the broker", act)
        with pytest.raises(ConflictError, match="over already"):
            adopt(world.ledger, plan, "again", act)
    world.wait(60)
    desk.reconcile()
    assert [one.found.kind for one in list_breaks(world.ledger)] == [BreakKind.CASH]
    (external,) = [one for one in list_positions(world.ledger) if one.strategy == EXTERNAL]
    assert (external.instrument_key, abs(external.quantity)) == ("STOCK:AAPL", 7)
    assert not [one for one in list_positions(world.ledger) if one.strategy == UNATTRIBUTED]


def test_equity_that_jumps_without_a_flow_is_a_break_until_it_is_explained_or_back(new_world) -> None:
    world = new_world()
    at = world.time

    def heard(equity: str, minutes: int) -> BreakKind | None:
        now = at + timedelta(minutes=minutes)
        said = snapshot("a1", equity=equity, as_of=now, received_at=now)
        found = note_equity(world.ledger, said, now)
        record_snapshot(world.ledger, said)
        return None if found is None else found.kind

    assert heard("1000", 0) is None
    assert heard("1100", 1) is None  # a tenth, and no more
    assert heard("1300", 2) is BreakKind.EQUITY_JUMP
    assert heard("1310", 3) is BreakKind.EQUITY_JUMP  # still against the last good word
    (jump,) = list_breaks(world.ledger)
    assert (jump.found.ours, jump.found.theirs, jump.severity) == (1100, 1310, Severity.CRITICAL)
    assert heard("1150", 4) is None
    assert list_breaks(world.ledger) == ()
