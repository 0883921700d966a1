"""Each way to make an allocation look approved with every right on the database, and what the guard says to it."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy.exc import DatabaseError

from fund_pipeline.errors import ConfigurationError, InvariantError
from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.ledger.active import active_allocation
from fund_pipeline.ledger.allocations import get_allocation
from fund_pipeline.ledger.approvals import put_in_force
from fund_pipeline.ledger.audit_check import verify_audit
from fund_pipeline.ledger.audit_keys import AuditKeys
from fund_pipeline.ledger.audit_model import AuditProblem
from fund_pipeline.ledger.digests import allocation_digest
from fund_pipeline.ledger.funds import put_fund
from fund_pipeline_tests.keys import AUDIT_KEY
from fund_pipeline_tests.ledger.approving import decided, falsify, forge, put_back, sealed_approvals
from fund_pipeline_tests.ledger_fixtures import FilledLedgers, url_of
from fund_pipeline_tests.samples import ACT, FUND, approval_of

OTHERS = AuditKeys.of(["the-key-of-an-attacker-who-has-not-ours"])
ARCHIVED, REJECTED, IN_FORCE, PENDING = (f"demo-inputs-{number}" for number in range(4))
MAKE_ACTIVE = (
    "UPDATE allocations SET status = 'ARCHIVED' WHERE status = 'ACTIVE'",
    "UPDATE allocations SET status = 'ACTIVE' WHERE allocation_id = :id",
)
NEWEST = "(SELECT max(sequence) FROM approvals WHERE fund_id = 'demo')"


@pytest.fixture(params=["sqlite", "postgresql"])
def history(request: pytest.FixtureRequest, filled_ledgers: FilledLedgers, tmp_path: Path) -> Iterator[Ledger]:
    with filled_ledgers.copy(request.param, decided, tmp_path) as ledger:
        yield ledger


def test_what_was_approved_is_what_is_in_force(history: Ledger, tmp_path: Path) -> None:
    active = active_allocation(history, "demo")
    assert active is not None
    assert (active.allocation.allocation_id, active.approval.replaces) == (IN_FORCE, ARCHIVED)
    assert active_allocation(history, "another") is None
    assert verify_audit(history, tmp_path).ok


def _misled_by(ledger: Ledger, folder: Path) -> AuditProblem | None:
    """Nothing is returned for sizing; and what `fund audit verify` says."""
    with pytest.raises(InvariantError) as caught:
        active_allocation(ledger, "demo")
    assert "fund audit verify" in caught.value.remedy
    return verify_audit(ledger, folder).problem


@pytest.mark.parametrize("forged", [ARCHIVED, REJECTED, PENDING])
def test_a_status_set_by_hand_puts_nothing_in_force(history: Ledger, tmp_path: Path, forged: str) -> None:
    """ARCHIVED has its own old true approval."""
    falsify(history, *MAKE_ACTIVE, id=forged)
    assert _misled_by(history, tmp_path) is AuditProblem.ALLOCATION_UNAPPROVED


def test_without_any_approval_nothing_is_in_force(ledger: Ledger) -> None:
    put_fund(ledger, FUND, ACT)
    assert active_allocation(ledger, "demo") is None


@pytest.mark.parametrize(
    "change",
    [
        f"UPDATE allocation_weights SET weight = '0.120000000001' WHERE allocation_id = '{IN_FORCE}'",
        f"DELETE FROM allocation_weights WHERE allocation_id = '{IN_FORCE}'",
        f"UPDATE allocation_weights SET strategy_id = 'B' WHERE allocation_id = '{IN_FORCE}'",
        f"UPDATE allocations SET digest = 'another' WHERE allocation_id = '{IN_FORCE}'",
        "UPDATE optimisation_runs SET inputs_digest = 'another' WHERE run_id = 'run-inputs-2'",
        f"UPDATE allocations SET run_id = 'run-inputs-1' WHERE allocation_id = '{IN_FORCE}'",
        "DELETE FROM optimisation_runs WHERE run_id = 'run-inputs-2'",
    ],
    ids=["weight", "weights gone", "strategy", "digest", "inputs", "run", "run gone"],
)
def test_what_was_changed_after_its_approval_is_not_in_force(history: Ledger, tmp_path: Path, change: str) -> None:
    falsify(history, change)
    assert _misled_by(history, tmp_path) is AuditProblem.ALLOCATION_UNAPPROVED


def test_weights_changed_with_their_digest_are_not_those_that_were_approved(history: Ledger, tmp_path: Path) -> None:
    digest = allocation_digest("inputs-2", {"A": Decimal("0.5")})
    falsify(
        history,
        f"UPDATE allocation_weights SET weight = '0.5' WHERE allocation_id = '{IN_FORCE}'",
        f"UPDATE allocations SET digest = :digest WHERE allocation_id = '{IN_FORCE}'",
        digest=digest,
    )
    assert _misled_by(history, tmp_path) is AuditProblem.ALLOCATION_UNAPPROVED
    falsify(history, f"UPDATE approvals SET digest = :digest WHERE sequence = {NEWEST}", digest=digest)
    assert _misled_by(history, tmp_path) is AuditProblem.APPROVAL_ALTERED


@pytest.mark.parametrize(
    "change",
    [
        "decided_by = 'bob'",
        "note = 'something else'",
        "decision = 'REJECTED'",
        "method = 'POLICY'",
        "second_by = 'bob'",
        "replaces = NULL",
        "correlation_id = ''",
        "decided_at = '2026-03-01 05:00:00'",
        "seal = previous_seal",
        "sequence = 9",
        "key_id = 'another'",
        "breaches = '[1]'",
    ],
)
def test_an_approval_that_was_changed_is_worth_nothing(history: Ledger, tmp_path: Path, change: str) -> None:
    falsify(history, f"UPDATE approvals SET {change} WHERE sequence = {NEWEST}")
    assert _misled_by(history, tmp_path) in {AuditProblem.APPROVAL_ALTERED, AuditProblem.APPROVAL_MISSING}


@pytest.mark.parametrize(
    "change", ["decision = 'PERHAPS'", "decided_at = 'some day'", "note = x'00ff'", "breaches = 1"]
)
def test_an_approval_that_cannot_be_read_is_worth_nothing(
    filled_ledgers: FilledLedgers, tmp_path: Path, change: str
) -> None:
    """SQLite stores anything in any column."""
    with filled_ledgers.copy("sqlite", decided, tmp_path) as ledger:
        falsify(ledger, f"UPDATE approvals SET {change} WHERE sequence = {NEWEST}")
        assert _misled_by(ledger, tmp_path) is AuditProblem.APPROVAL_ALTERED


def test_weights_that_cannot_be_read_are_not_in_force(filled_ledgers: FilledLedgers, tmp_path: Path) -> None:
    with filled_ledgers.copy("sqlite", decided, tmp_path) as ledger:
        falsify(ledger, "UPDATE allocation_weights SET weight = 'all of it'")
        assert _misled_by(ledger, tmp_path) is AuditProblem.ALLOCATION_UNAPPROVED


@pytest.mark.parametrize("pretended", [False, True])
def test_an_approval_made_without_the_key_is_worth_nothing(
    history: Ledger,
    tmp_path: Path,
    pretended: bool,
) -> None:
    forge(history, OTHERS, get_allocation(history, PENDING))
    if pretended:
        own = AuditKeys.of([AUDIT_KEY]).newest
        falsify(history, f"UPDATE approvals SET key_id = '{own}' WHERE sequence = {NEWEST}")
    assert _misled_by(history, tmp_path) is AuditProblem.APPROVAL_ALTERED


def test_an_approval_made_with_a_key_that_was_given_up_is_worth_nothing(ledger_url: str, tmp_path: Path) -> None:
    old, new = AUDIT_KEY, "the-newer-key-that-took-its-place-later"
    first = open_ledger(ledger_url)
    decided(first)
    first.close()
    rotated = open_ledger(ledger_url, lambda: AuditKeys.of([new, old]))
    put_in_force(rotated, get_allocation(rotated, PENDING), approval_of(get_allocation(rotated, PENDING)), ACT)
    active = active_allocation(rotated, "demo")
    assert active is not None
    assert active.allocation.allocation_id == PENDING
    rows = sealed_approvals(rotated)
    stolen = AuditKeys.of([old])
    put_back(rotated, rows[:-1])
    forge(rotated, stolen, get_allocation(rotated, PENDING))
    assert _misled_by(rotated, tmp_path) is AuditProblem.APPROVAL_ALTERED
    rotated.close()


def test_a_newest_approval_that_is_removed_is_missed(history: Ledger, tmp_path: Path) -> None:
    put_back(history, sealed_approvals(history)[:-1])
    assert _misled_by(history, tmp_path) is AuditProblem.APPROVAL_MISSING
    falsify(history, *MAKE_ACTIVE, id=ARCHIVED)
    assert _misled_by(history, tmp_path) is AuditProblem.APPROVAL_MISSING


def test_removing_it_from_the_audit_log_as_well_is_found_by_verifying(history: Ledger, tmp_path: Path) -> None:
    """What `docs/decisions/0012` says an attacker can do: go back, until somebody verifies."""
    put_back(history, sealed_approvals(history)[:-1])
    newest = "(SELECT max(sequence) FROM audit WHERE action = 'approval_sealed')"
    falsify(history, f"DELETE FROM audit WHERE sequence = {newest}", *MAKE_ACTIVE, id=ARCHIVED)
    assert verify_audit(history, tmp_path).problem is AuditProblem.ROW_REMOVED


def test_all_approvals_removed_are_missed(history: Ledger, tmp_path: Path) -> None:
    put_back(history, [])
    assert _misled_by(history, tmp_path) is AuditProblem.APPROVAL_MISSING


def test_approvals_that_changed_places_are_worth_nothing(history: Ledger, tmp_path: Path) -> None:
    first, second, third = sealed_approvals(history)
    put_back(history, [replace(third, sequence=1), second, replace(first, sequence=3)])
    falsify(history, *MAKE_ACTIVE, id=ARCHIVED)
    assert _misled_by(history, tmp_path) is AuditProblem.APPROVAL_ALTERED


def test_an_old_approval_repeated_at_the_end_is_worth_nothing(history: Ledger, tmp_path: Path) -> None:
    first, second, third = sealed_approvals(history)
    put_back(history, [second, third, replace(first, sequence=4)])
    falsify(history, *MAKE_ACTIVE, id=ARCHIVED)
    assert _misled_by(history, tmp_path) is AuditProblem.APPROVAL_MISSING


def test_an_approval_of_another_fund_is_worth_nothing_here(history: Ledger, tmp_path: Path) -> None:
    put_fund(history, replace(FUND, fund_id="other", name="Other Fund"), ACT)
    falsify(
        history,
        "UPDATE allocations SET fund_id = 'other'",
        "UPDATE optimisation_runs SET fund_id = 'other'",
        "UPDATE approvals SET fund_id = 'other'",
    )
    with pytest.raises(InvariantError, match="true seal"):
        active_allocation(history, "other")
    assert verify_audit(history, tmp_path).problem is AuditProblem.APPROVAL_MISSING


def test_a_second_active_allocation_is_refused_by_the_guard_too(history: Ledger) -> None:
    falsify(
        history,
        "DROP INDEX uq_allocations_one_active",
        "UPDATE allocations SET status = 'ACTIVE' WHERE allocation_id = :id",
        id=PENDING,
    )
    with pytest.raises(InvariantError, match="2 ACTIVE"):
        active_allocation(history, "demo")


def test_what_the_audit_log_tells_of_an_approval_cannot_be_changed_either(history: Ledger, tmp_path: Path) -> None:
    falsify(history, "UPDATE audit SET actor = 'user:bob' WHERE action = 'approval_sealed'")
    assert _misled_by(history, tmp_path) is AuditProblem.ROW_ALTERED


def test_no_true_seal_follows_a_false_one(history: Ledger) -> None:
    falsify(history, f"UPDATE approvals SET note = 'something else' WHERE sequence = {NEWEST}")
    pending = get_allocation(history, PENDING)
    with pytest.raises(InvariantError):
        put_in_force(history, pending, approval_of(pending), ACT)
    assert get_allocation(history, PENDING) == pending
    assert len(sealed_approvals(history)) == 3


def test_without_the_key_nothing_is_sealed_and_the_remedy_is_told(history: Ledger) -> None:
    other = open_ledger(url_of(history), lambda: OTHERS)
    pending = get_allocation(other, PENDING)
    with pytest.raises(ConfigurationError, match="sealed with"):
        put_in_force(other, pending, approval_of(pending), ACT)
    other.close()
    active = active_allocation(history, "demo")
    assert active is not None
    assert active.allocation.allocation_id == IN_FORCE


def test_the_database_itself_refuses_to_change_or_remove_an_approval(history: Ledger) -> None:
    for statement in ("UPDATE approvals SET note = 'x'", "DELETE FROM approvals"):
        with pytest.raises(DatabaseError, match="append-only"), history.writing() as connection:
            connection.exec_driver_sql(statement)
