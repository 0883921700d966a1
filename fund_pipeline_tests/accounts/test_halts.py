"""Halting only tightens, resuming only loosens, and the stricter of two states holds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fund_pipeline.accounts.halts import ALLOWED, Effect, effective, halt, resume, standing
from fund_pipeline.errors import ConflictError, InputError, NotFoundError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import EVERYWHERE
from fund_pipeline.ledger.audit import history
from fund_pipeline.ledger.funds import put_fund
from fund_pipeline.ledger.halts import list_halts, set_halt, state_of
from fund_pipeline.terms import HaltState
from fund_pipeline_tests.samples import ACT, FUND

ACTIVE, REDUCING, HALTED = HaltState
states = some.sampled_from(HaltState)


@pytest.fixture
def desk(embedded: Ledger) -> Ledger:
    """A ledger with the funds `demo` and `second`."""
    put_fund(embedded, FUND, ACT)
    put_fund(embedded, replace(FUND, fund_id="second", name="Second"), ACT)
    return embedded


@given(states, states)
def test_the_effective_state_allows_what_both_allow_and_nothing_else(one: HaltState, other: HaltState) -> None:
    found = effective(one, other)
    assert found == effective(other, one)
    assert found.allows_entries == (one.allows_entries and other.allows_entries)
    assert found.allows_exits == (one.allows_exits and other.allows_exits)


def test_each_state_says_in_words_what_it_lets_out() -> None:
    assert [("entries" in ALLOWED[state], "exits and" in ALLOWED[state]) for state in HaltState] == [
        (state.allows_entries, state.allows_exits) for state in HaltState
    ]


def test_a_fund_is_halted_and_resumed_and_the_audit_log_says_why(desk: Ledger) -> None:
    assert halt(desk, "demo", REDUCING, "odd fills", ACT) == [Effect("demo", ACTIVE, REDUCING)]
    assert (state_of(desk, "demo"), state_of(desk, "second")) == (REDUCING, ACTIVE)
    assert halt(desk, "demo", HALTED, "odder fills", ACT) == [Effect("demo", REDUCING, HALTED)]
    assert resume(desk, "demo", REDUCING, "exits may go", ACT) == [Effect("demo", HALTED, REDUCING)]
    assert resume(desk, "demo", ACTIVE, "all is well", ACT) == [Effect("demo", REDUCING, ACTIVE)]
    told = [(entry.action, entry.detail["note"]) for entry in history(desk, "halt", "demo")]
    assert told == [
        ("halted", "odd fills"),
        ("halted", "odder fills"),
        ("resumed", "exits may go"),
        ("resumed", "all is well"),
    ]


def test_what_is_said_of_a_fund_is_kept_by_either_database(ledger: Ledger) -> None:
    for before, after in ((ACTIVE, HALTED), (HALTED, REDUCING)):
        written = set_halt(ledger, "demo", before, after, "why", ACT)
        assert list_halts(ledger) == (written,)
        assert state_of(ledger, "demo") is after


def test_the_halt_of_all_funds_and_of_one_outlast_each_other(desk: Ledger) -> None:
    halt(desk, "demo", REDUCING, "its own", ACT)
    assert halt(desk, EVERYWHERE, HALTED, "all of them", ACT) == [
        Effect("demo", REDUCING, HALTED),
        Effect("second", ACTIVE, HALTED),
    ]
    assert resume(desk, "demo", ACTIVE, "its own is over", ACT) == [Effect("demo", HALTED, HALTED)]
    said, now = standing(desk)
    assert ([one.scope for one in said], set(now.values())) == ([EVERYWHERE, "demo"], {HALTED})
    with desk.reading() as connection:
        assert state_of(connection, "of tomorrow") is HALTED


def test_a_halt_never_loosens_and_a_resume_never_tightens(desk: Ledger) -> None:
    with pytest.raises(ConflictError, match="fund demo is ACTIVE already"):
        resume(desk, "demo", ACTIVE, "why", ACT)
    halt(desk, "demo", HALTED, "why", ACT)
    for state in (REDUCING, HALTED):
        with pytest.raises(ConflictError, match="fund demo is HALTED already"):
            halt(desk, "demo", state, "why", ACT)
    resume(desk, "demo", REDUCING, "why", ACT)
    with pytest.raises(ConflictError, match="REDUCING already"):
        resume(desk, "demo", REDUCING, "why", ACT)


def test_a_halt_needs_a_note_and_a_fund_that_is_there(desk: Ledger) -> None:
    with pytest.raises(InputError, match="a note is missing"):
        halt(desk, "demo", HALTED, "  ", ACT)
    with pytest.raises(NotFoundError, match="no fund 'nowhere'"):
        halt(desk, "nowhere", HALTED, "why", ACT)
    assert list_halts(desk) == ()


def test_a_dry_run_says_the_effect_and_leaves_all_as_it_was(desk: Ledger) -> None:
    effects = halt(desk, EVERYWHERE, REDUCING, "why", ACT, dry_run=True)
    assert {(one.before, one.after) for one in effects} == {(ACTIVE, REDUCING)}
    assert (list_halts(desk), history(desk, "halt", EVERYWHERE)) == ((), ())


def test_what_somebody_else_said_meanwhile_is_not_overruled_unseen(desk: Ledger) -> None:
    set_halt(desk, "demo", ACTIVE, HALTED, "somebody else", ACT)
    with pytest.raises(ConflictError, match="somebody made it HALTED"):
        set_halt(desk, "demo", ACTIVE, REDUCING, "why", ACT)
    assert state_of(desk, "demo") is HALTED
