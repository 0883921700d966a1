"""What somebody who can write rows, but has no key, can do to what a person is shown: nothing that is then approved."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from fund_pipeline.allocations.approval.decide import decide
from fund_pipeline.allocations.approval.difference import difference
from fund_pipeline.allocations.approval.refusals import Refusal
from fund_pipeline.allocations.approval.request import Verb
from fund_pipeline.allocations.approval.standing import altered
from fund_pipeline.allocations.eligibility import Eligibility
from fund_pipeline.allocations.service import Basis, recommend_for
from fund_pipeline.errors import InvariantError
from fund_pipeline.ledger import audit
from fund_pipeline.ledger.active import active_allocation
from fund_pipeline.ledger.allocations import get_run
from fund_pipeline.ledger.anchors import FILE
from fund_pipeline.ledger.audit_check import verify_audit
from fund_pipeline.ledger.audit_model import AuditProblem
from fund_pipeline.ledger.digests import allocation_digest
from fund_pipeline.ledger.migrations.audit_triggers import SQLITE
from fund_pipeline.ledger.model import Allocation
from fund_pipeline_tests.allocations.approval.world import TIMELESS, World, half
from fund_pipeline_tests.allocations.made_up import NAMES
from fund_pipeline_tests.ledger.approving import falsify


def other_weights(world: World, pending: Allocation) -> Allocation:
    """Replace a pending allocation's weights, and its digest with them, which needs no key."""
    weights = {"A": Decimal("0.3")}
    digest = allocation_digest(get_run(world.ledger, pending.run_id).inputs_digest, weights)
    falsify(
        world.ledger,
        "DELETE FROM allocation_weights WHERE allocation_id = :id",
        "INSERT INTO allocation_weights (allocation_id, strategy_id, weight) VALUES (:id, 'A', '0.3')",
        "UPDATE allocations SET digest = :digest WHERE allocation_id = :id",
        id=pending.allocation_id,
        digest=digest,
    )
    return replace(pending, weights=weights, digest=digest)


def other_result(world: World, pending: Allocation) -> Allocation:
    """Let the run tell of other figures."""
    result = get_run(world.ledger, pending.run_id).result
    shown = {**result, "metrics": {**result["metrics"], "cvar": 0.0001}}
    set_json(world, "optimisation_runs", "result", shown)
    return pending


def other_metrics(world: World, pending: Allocation) -> Allocation:
    """Let the allocation itself tell of other figures."""
    metrics = {**pending.metrics, "cvar": 0.0001}
    set_json(world, "allocations", "metrics", metrics)
    return replace(pending, metrics=metrics)


def set_json(world: World, table: str, column: str, value: object) -> None:
    falsify(world.ledger, f"UPDATE {table} SET {column} = :value", value=json.dumps(value))


WAYS = (other_weights, other_result, other_metrics)


@pytest.mark.parametrize("change", WAYS)
def test_what_was_altered_while_it_waited_is_refused_before_a_code_is_used(
    world: World, tmp_path: Path, change: Callable[[World, Allocation], Allocation]
) -> None:
    shown = change(world, world.pending())
    message = world.refused(Refusal.NOT_WHAT_WAS_SHOWN, Verb.APPROVE, shown).message
    assert "not those that were recorded" in message
    world.refused(Refusal.NOT_WHAT_WAS_SHOWN, Verb.APPROVE_EDITED, shown, weights={"B": Decimal("0.1")})
    assert active_allocation(world.ledger, "demo") is None
    assert altered(world.ledger, shown) is not None
    with pytest.raises(InvariantError, match="not those that were recorded"):
        difference(world.ledger, world.backtests.matrix, shown.allocation_id, None, world.now)
    assert verify_audit(world.ledger, tmp_path).problem is AuditProblem.RECOMMENDATION_ALTERED


def test_what_is_as_it_was_recorded_is_told_to_be(world: World, tmp_path: Path) -> None:
    assert altered(world.ledger, world.pending()) is None
    assert verify_audit(world.ledger, tmp_path).ok


def test_what_was_replaced_is_not_made_pending_again_by_hand(embedded: World, tmp_path: Path) -> None:
    stale = embedded.pending()
    embedded.pending(max_weight=0.3)
    falsify(
        embedded.ledger,
        "UPDATE allocations SET status = 'EXPIRED' WHERE status = 'PENDING_APPROVAL'",
        "UPDATE allocations SET status = 'PENDING_APPROVAL' WHERE allocation_id = :id",
        id=stale.allocation_id,
    )
    embedded.refused(Refusal.NOT_WHAT_WAS_SHOWN, Verb.APPROVE, stale)
    assert verify_audit(embedded.ledger, tmp_path).problem is AuditProblem.RECOMMENDATION_ALTERED


def test_an_answer_that_was_altered_is_not_recommended_anew_as_if_it_were_true(embedded: World) -> None:
    embedded.now = embedded.now.replace(hour=6)
    pending = embedded.pending()
    falsify(embedded.ledger, "UPDATE allocations SET status = 'EXPIRED'")
    other_weights(embedded, pending)
    with pytest.raises(InvariantError, match="not those that were recorded"):
        embedded.recommend()


LOOSER = (
    {"max_weight": 1.0, "approval": TIMELESS},
    {"approval": {**TIMELESS, "four_eyes": False}},
    {"approval": {**TIMELESS, "auto_max_turnover": 10.0, "auto_max_cvar_change": 1.0}},
)


@pytest.mark.parametrize("limits", LOOSER, ids=["limit", "four eyes", "automatic"])
def test_limits_that_were_changed_without_a_key_are_not_used(
    world: World, tmp_path: Path, limits: dict[str, object]
) -> None:
    world.ask(Verb.APPROVE, world.pending())
    pending = world.pending(max_weight=0.3)
    set_json(world, "funds", "risk_limits", limits)
    assert "limits" in world.refused(Refusal.DATA_CHANGED, Verb.APPROVE, pending).message
    world.refused(Refusal.DATA_CHANGED, Verb.APPROVE_EDITED, pending, weights=half(pending))
    before = active_allocation(world.ledger, "demo")
    outcome = recommend_for(world.ledger, "demo", Basis(world.backtests, Eligibility(NAMES, ())), world.act)
    assert outcome.recommendation is None
    assert "not those that were recorded" in outcome.problem
    assert active_allocation(world.ledger, "demo") == before
    assert verify_audit(world.ledger, tmp_path).problem is AuditProblem.LIMITS_ALTERED
    world.limits(max_weight=0.3)
    assert verify_audit(world.ledger, tmp_path).ok


def test_limits_of_which_the_log_tells_nothing_are_not_used_either(embedded: World) -> None:
    pending = embedded.pending()
    falsify(embedded.ledger, "UPDATE audit SET action = 'other' WHERE action IN ('fund_added', 'fund_changed')")
    error = embedded.refused(Refusal.DATA_CHANGED, Verb.APPROVE, pending)
    assert "fund registry import" in error.remedy


def test_a_run_of_which_the_log_tells_nothing_can_be_rejected_and_not_approved(embedded: World) -> None:
    pending = embedded.pending()
    falsify(embedded.ledger, "UPDATE audit SET action = 'other' WHERE action = 'optimised'")
    assert "reject" in embedded.refused(Refusal.NOT_WHAT_WAS_SHOWN, Verb.APPROVE, pending).remedy
    assert embedded.ask(Verb.REJECT, pending).approval.digest == pending.digest


def test_an_approval_that_is_silently_ended_is_found_by_verifying(world: World, tmp_path: Path) -> None:
    world.ask(Verb.APPROVE, world.pending())
    falsify(world.ledger, "UPDATE allocations SET status = 'ARCHIVED'")
    found = verify_audit(world.ledger, tmp_path)
    assert (found.problem, "is not ACTIVE" in found.message) == (AuditProblem.ALLOCATION_UNAPPROVED, True)


def test_a_decision_is_anchored_so_that_its_end_of_the_log_cannot_be_cut_unnoticed(
    embedded: World, tmp_path: Path
) -> None:
    request = embedded.request(Verb.APPROVE, embedded.pending())
    before = audit.audit_head(embedded.ledger)
    matrix = embedded.backtests.matrix
    decide(embedded.ledger, matrix, embedded.security, request, embedded.now, anchors=tmp_path)
    assert (tmp_path / FILE).read_text().count("\n") == 1
    assert verify_audit(embedded.ledger, tmp_path).ok
    falsify(
        embedded.ledger,
        *(f"DROP TRIGGER IF EXISTS {name}" for name in SQLITE),
        "DELETE FROM approvals",
        "UPDATE allocations SET status = 'PENDING_APPROVAL'",
        "DELETE FROM audit WHERE sequence > :sequence",
        "UPDATE audit_head SET sequence = :sequence, hash = :hash",
        sequence=before.sequence,
        hash=before.hash,
    )
    assert verify_audit(embedded.ledger, tmp_path).problem is AuditProblem.TAIL_TRUNCATED


def test_a_decision_stands_when_it_cannot_be_anchored(embedded: World, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("this is no anchor\n")
    request = embedded.request(Verb.APPROVE, embedded.pending())
    matrix = embedded.backtests.matrix
    done = decide(embedded.ledger, matrix, embedded.security, request, embedded.now, anchors=tmp_path)
    active = active_allocation(embedded.ledger, "demo")
    assert active is not None
    assert active.allocation == done.allocation


def test_bringing_back_on_data_that_are_too_old_is_refused(embedded: World) -> None:
    first = embedded.ask(Verb.APPROVE, embedded.pending()).allocation
    embedded.ask(Verb.APPROVE, embedded.pending(cvar_limit=0.005))
    embedded.limits(approval={"max_data_age_days": 10})
    assert "newest return is" in embedded.refused(Refusal.EXPIRED, Verb.BRING_BACK, first).message
    embedded.limits()
    assert embedded.ask(Verb.BRING_BACK, first).allocation.weights == first.weights
