"""Breaks, locks, how books stand and what they began with, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from fund_pipeline.errors import ConflictError, NotFoundError
from fund_pipeline.execution.positions import apply
from fund_pipeline.ledger import Ledger, tables
from fund_pipeline.ledger.account_books import books_of, note_start, opening_of, record_opening, set_policy
from fund_pipeline.ledger.accounts import insert_account
from fund_pipeline.ledger.alerts import list_alerts
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.break_model import BooksState, BreakKind, ClearReason, ExternalPolicy
from fund_pipeline.ledger.breaks import Pass, adopt_break, get_break, list_breaks, locks, record_pass
from fund_pipeline.ledger.executions import book_entries
from fund_pipeline.ledger.funds import put_fund
from fund_pipeline.ledger.order_model import Execution
from fund_pipeline.ledger.own_entries import EntryKind, amended_id, read_id
from fund_pipeline.ledger.positions import list_positions
from fund_pipeline.terms import Side
from fund_pipeline_tests.samples import ACT, FUND, NOW, a_break, account

FINDING = {"kind": "AWAY", "account_id": "demo-paper", "about": "broker", "message": "silent"}


def seen(*found, repaired=(), clears=True, findings=()) -> Pass:
    return Pass(tuple(found), tuple(repaired), lambda _one: clears, findings)


def at(minutes: int) -> Act:
    return Act("reconciliation", NOW + timedelta(minutes=minutes), "corr")


def test_a_break_lives_from_the_pass_that_sees_it_to_the_one_that_knows_it_is_gone(ledger: Ledger) -> None:
    put_fund(ledger, FUND, ACT)
    insert_account(ledger, account(), ACT)
    assert books_of(ledger)["demo-paper"].standing is BooksState.NEVER
    cash = a_break(kind=BreakKind.CASH, subject="USD", instrument_key=None)
    first = record_pass(ledger, "demo-paper", seen(a_break(), cash), at(0))
    assert len(first.new) == 2
    assert locks(ledger) == {"demo-paper": {"STOCK:KO"}}
    again = record_pass(ledger, "demo-paper", seen(a_break(), cash), at(1))
    assert (again.new, len(again.standing), again.cleared) == ((), 2, ())
    held = get_break(ledger, first.new[0].break_id[:10])
    assert (held.passes, held.first_seen, held.last_seen) == (2, NOW, NOW + timedelta(minutes=1))
    assert (held.found, held.found.difference) == (a_break(), 10)

    silent = record_pass(ledger, "demo-paper", seen(clears=False, findings=(FINDING,)), at(2))
    assert silent.cleared == ()
    stand = books_of(ledger)["demo-paper"]
    assert (stand.standing, stand.last_complete, stand.findings) == (
        BooksState.NOT_KNOWN,
        NOW + timedelta(minutes=1),
        (FINDING,),
    )

    missed = a_break(kind=BreakKind.EXECUTION_MISSED, subject="E1")
    gone = record_pass(ledger, "demo-paper", seen(cash, repaired=(missed,)), at(3))
    assert {(one.found.kind, one.cleared_because) for one in gone.cleared} == {
        (BreakKind.POSITION, ClearReason.GONE),
        (BreakKind.EXECUTION_MISSED, ClearReason.REPAIRED),
    }
    assert locks(ledger) == {}
    assert [one.trouble.kind for one in list_alerts(ledger, only_open=True)] == ["BREAK_CASH"]
    assert len(list_breaks(ledger, only_open=False)) == 3
    assert books_of(ledger)["demo-paper"].may_enter

    assert note_start(ledger, NOW + timedelta(hours=1)) == 1
    assert note_start(ledger, NOW + timedelta(hours=2)) == 0
    assert books_of(ledger)["demo-paper"].waits
    set_policy(ledger, "demo-paper", ExternalPolicy.ADOPT, ACT)
    stand = books_of(ledger)["demo-paper"]
    assert (stand.policy, stand.standing) == (ExternalPolicy.ADOPT, BooksState.STARTED)
    with pytest.raises(NotFoundError, match="nowhere"):
        set_policy(ledger, "nowhere", ExternalPolicy.ADOPT, ACT)

    opened = record_opening(ledger, "demo-paper", {"EUR": Decimal("-1.5")}, "USD", NOW, ACT)
    assert opened.amounts == {"EUR": Decimal("-1.5"), "USD": 0}
    assert record_opening(ledger, "demo-paper", {"EUR": Decimal(9)}, "USD", NOW, ACT) == opened
    assert opening_of(ledger, "demo-paper") == opened
    with pytest.raises(DBAPIError, match="append-only"), ledger.writing() as connection:
        connection.execute(update(tables.cash_openings).values(amount=Decimal(9)))

    entry = _entry()
    assert [one.number for one in book_entries(ledger, "demo-paper", [entry], apply)] == [1]
    assert book_entries(ledger, "demo-paper", [entry], apply) == ()
    (standing,) = list_breaks(ledger)
    other = replace(entry, broker_execution_id=amended_id(EntryKind.OUT, 1, "E1"), side=Side.SELL)
    done = adopt_break(ledger, standing, [other], apply, "seen", ACT)
    assert (done.cleared_because, done.cleared_by) == (ClearReason.ADOPTED, ACT.actor)
    assert list_positions(ledger) == ()
    with pytest.raises(ConflictError, match="over already"):
        adopt_break(ledger, standing, [], apply, "again", ACT)
    with pytest.raises(NotFoundError, match="no break"):
        get_break(ledger, "zzz")


@pytest.mark.parametrize("name", ["E1", "00025b46.66c1f2a0.01.01", "x" * 128, "a:b:c"])
def test_an_entry_names_its_execution_however_long_that_ones_id_is(name: str) -> None:
    kind, about = read_id(amended_id(EntryKind.REDO, 12, name))
    assert (kind, about) == (EntryKind.REDO, read_id(name)[1])
    assert len(amended_id(EntryKind.COMMISSION, 999, name)) <= 128


def _entry() -> Execution:
    return Execution(
        broker="paper",
        broker_account="demo-paper",
        broker_execution_id=amended_id(EntryKind.IN, 1, "E1"),
        client_order_id=None,
        account_id="demo-paper",
        strategy="EXTERNAL",
        instrument_key="STOCK:KO",
        side=Side.BUY,
        quantity=Decimal(10),
        price=Decimal(50),
        commission=Decimal(0),
        commission_currency="USD",
        multiplier=Decimal(1),
        currency="USD",
        executed_at=NOW,
        received_at=NOW,
    )
