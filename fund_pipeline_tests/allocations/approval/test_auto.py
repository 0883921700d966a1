"""A fund's own rule for changes too small to ask a person about, and what a night does with old recommendations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from fund_pipeline.allocations.approval.refusals import Refusal
from fund_pipeline.allocations.approval.request import Verb
from fund_pipeline.allocations.eligibility import Eligibility
from fund_pipeline.allocations.service import Basis, FundOutcome, recommend_for
from fund_pipeline.ledger.active import active_allocation, list_approvals
from fund_pipeline.ledger.allocations import list_allocations
from fund_pipeline.ledger.approval_model import ApprovalMethod
from fund_pipeline.ledger.audit import history
from fund_pipeline.ledger.model import AllocationStatus
from fund_pipeline_tests.allocations.approval.world import TIMELESS, World
from fund_pipeline_tests.allocations.made_up import NAMES

WIDE = {**TIMELESS, "auto_max_turnover": 0.5, "auto_max_cvar_change": 0.002}


def night(world: World, policy: Mapping[str, Any] = WIDE, **limits: Any) -> FundOutcome:
    world.limits(approval=policy, **limits)
    return recommend_for(world.ledger, "demo", Basis(world.backtests, Eligibility(NAMES, ())), world.act)


def held_under(world: World, **limits: Any) -> str:
    """A person approves the first allocation; its id."""
    world.limits(approval=TIMELESS, **limits)
    first = night(world, TIMELESS, **limits).recommendation
    assert first is not None
    assert first.allocation is not None
    return world.ask(Verb.APPROVE, first.allocation).allocation.allocation_id


def statuses(world: World) -> list[AllocationStatus]:
    return [allocation.status for allocation in list_allocations(world.ledger)]


def in_force(world: World) -> str:
    found = active_allocation(world.ledger, "demo")
    assert found is not None
    return found.allocation.allocation_id


def test_a_small_change_is_approved_by_the_policy_and_recorded_as_that(world: World) -> None:
    former = held_under(world)
    world.now += timedelta(days=1)
    outcome = night(world, margin_cap=0.345)
    assert outcome.recommendation is not None
    assert outcome.recommendation.allocation is not None
    assert outcome.recommendation.allocation.status is AllocationStatus.ACTIVE
    assert in_force(world) == outcome.recommendation.allocation.allocation_id
    newest = list_approvals(world.ledger, "demo")[0]
    assert (newest.method, newest.decided_by, newest.replaces) == (ApprovalMethod.POLICY, "policy", former)
    assert "turnover 0.0" in newest.note
    assert "CVaR change 0.0000" in newest.note


@pytest.mark.parametrize(
    "policy",
    [
        TIMELESS,
        {**WIDE, "auto_max_turnover": 0.001},
        {**WIDE, "auto_max_cvar_change": 0.00001},
    ],
    ids=["off, as it is unless set", "too much turnover", "too much CVaR"],
)
def test_any_other_change_waits_for_a_person(world: World, policy: Mapping[str, Any]) -> None:
    former = held_under(world)
    world.now += timedelta(days=1)
    night(world, policy, margin_cap=0.345)
    assert in_force(world) == former
    assert statuses(world)[0] is AllocationStatus.PENDING_APPROVAL


def test_the_first_allocation_is_a_persons_to_decide(embedded: World) -> None:
    night(embedded, {**WIDE, "auto_max_turnover": 100.0, "auto_max_cvar_change": 1.0})
    assert active_allocation(embedded.ledger, "demo") is None
    assert statuses(embedded) == [AllocationStatus.PENDING_APPROVAL]


def test_what_a_person_rejected_is_not_approved_by_the_policy(embedded: World) -> None:
    held_under(embedded)
    outcome = night(embedded, TIMELESS, margin_cap=0.345).recommendation
    assert outcome is not None
    assert outcome.allocation is not None
    embedded.ask(Verb.REJECT, outcome.allocation)
    night(embedded, margin_cap=0.345)
    assert statuses(embedded).count(AllocationStatus.REJECTED) == 1
    assert AllocationStatus.PENDING_APPROVAL not in statuses(embedded)


def test_what_was_pending_for_too_long_expires_and_is_recommended_anew(embedded: World) -> None:
    night(embedded, TIMELESS)
    (old,) = list_allocations(embedded.ledger)
    embedded.now += timedelta(hours=97)
    night(embedded, TIMELESS)
    newest, older = list_allocations(embedded.ledger)
    assert (older.allocation_id, older.status) == (old.allocation_id, AllocationStatus.EXPIRED)
    assert newest.status is AllocationStatus.PENDING_APPROVAL
    told = [entry.detail for entry in history(embedded.ledger, "allocation", old.allocation_id)][-1]
    assert "97 hours" in told["reason"]
    embedded.refused(Refusal.EXPIRED, Verb.APPROVE, older)


def test_nothing_stays_pending_on_data_that_are_too_old_and_the_night_says_so(embedded: World) -> None:
    outcome = night(embedded, {"max_data_age_days": 10})
    assert "its newest return is" in outcome.problem
    assert outcome.recommendation is not None
    assert outcome.recommendation.allocation is None
    assert statuses(embedded) == [AllocationStatus.EXPIRED]
