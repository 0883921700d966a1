"""What a decision does: approve, reject, approve edited weights, bring back."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from fund_pipeline.accounts.limits import FundLimits
from fund_pipeline.allocations.approval.refusals import Refusal
from fund_pipeline.allocations.approval.request import Verb
from fund_pipeline.allocations.measure import METRICS, measure
from fund_pipeline.ledger.active import active_allocation, list_approvals
from fund_pipeline.ledger.allocations import get_allocation, get_run, list_allocations
from fund_pipeline.ledger.approval_model import ApprovalMethod, Decision
from fund_pipeline.ledger.audit import history
from fund_pipeline.ledger.digests import allocation_digest
from fund_pipeline.ledger.model import AllocationOrigin, AllocationStatus, StrategyStatus
from fund_pipeline.ledger.strategies import put_strategy
from fund_pipeline_tests.allocations.approval.world import World, half
from fund_pipeline_tests.allocations.made_up import backtests
from fund_pipeline_tests.samples import ACT, strategy


def test_an_approved_recommendation_is_in_force_with_its_record(world: World) -> None:
    pending = world.pending()
    assert active_allocation(world.ledger, "demo") is None
    done = world.ask(Verb.APPROVE, pending, note="as discussed on Monday")
    active = active_allocation(world.ledger, "demo")
    assert active is not None
    assert active.allocation == done.allocation == replace(pending, status=AllocationStatus.ACTIVE)
    assert active.approval == done.approval
    assert (done.approval.decision, done.approval.method) == (Decision.APPROVED, ApprovalMethod.CODE)
    assert (done.approval.decided_by, done.approval.second_by, done.approval.replaces) == ("ada", None, None)
    assert (done.approval.note, done.approval.decided_at) == ("as discussed on Monday", world.now)
    assert done.approval.correlation_id == "a-run-of-its-own"
    told = [(entry.actor, entry.action) for entry in history(world.ledger, "allocation", pending.allocation_id)]
    assert told == [("test", "allocation_recommended"), ("user:ada", "allocation_active")]


def test_weights_that_end_in_zeros_are_approved_like_any_others(embedded: World) -> None:
    """The ledger gives 0.50000000 back as 0.5, and the digest must be the same."""
    pending = embedded.pending(max_weight=0.25, cvar_limit=0.5, margin_cap=1)
    assert pending.weights["B"] == Decimal("0.25")
    assert embedded.ask(Verb.APPROVE, pending).allocation.status is AllocationStatus.ACTIVE
    newer = embedded.pending(max_weight=0.26, cvar_limit=0.5, margin_cap=1)
    embedded.ask(Verb.APPROVE_EDITED, newer, weights={"A": Decimal("0.10"), "B": Decimal("0.2000000000")})
    active = active_allocation(embedded.ledger, "demo")
    assert active is not None
    assert active.allocation.weights == {"A": Decimal("0.1"), "B": Decimal("0.2")}


def test_a_rejected_recommendation_is_never_in_force_nor_recommended_again(world: World) -> None:
    pending = world.pending()
    done = world.ask(Verb.REJECT, pending, note="too much of A")
    assert done.allocation.status is AllocationStatus.REJECTED
    assert list_approvals(world.ledger, "demo") == (done.approval,)
    assert active_allocation(world.ledger, "demo") is None
    assert not world.recommend().new


def test_a_rejection_leaves_what_is_in_force(world: World) -> None:
    first = world.ask(Verb.APPROVE, world.pending())
    world.ask(Verb.REJECT, world.pending(max_weight=0.3))
    active = active_allocation(world.ledger, "demo")
    assert active is not None
    assert active.approval == first.approval


def test_an_approval_archives_the_former_and_says_what_it_replaced(world: World) -> None:
    first = world.ask(Verb.APPROVE, world.pending()).allocation
    second = world.ask(Verb.APPROVE, world.pending(max_weight=0.3))
    assert get_allocation(world.ledger, first.allocation_id).status is AllocationStatus.ARCHIVED
    assert second.approval.replaces == first.allocation_id
    assert history(world.ledger, "allocation", first.allocation_id)[-1].detail == {
        "replaced_by": second.allocation.allocation_id
    }


def test_edited_weights_are_measured_anew_and_written_with_their_approval(world: World) -> None:
    pending = world.pending()
    weights = half(pending)
    done = world.ask(Verb.APPROVE_EDITED, pending, weights={**weights, "C": Decimal(0)})
    made = done.allocation
    assert (made.origin, made.based_on, made.run_id) == (
        AllocationOrigin.EDITED,
        pending.allocation_id,
        pending.run_id,
    )
    assert made.weights == weights
    run = get_run(world.ledger, pending.run_id)
    assert made.digest == allocation_digest(run.inputs_digest, weights) != pending.digest
    window = world.backtests.matrix.select(tuple(run.inputs["backtests"])).common_window()
    held = np.array([float(weights.get(name, 0)) for name in window.strategies])
    losses = np.sort(-(window.values @ held))[::-1]
    tail = 0.05 * len(losses)  # 27.5 days: the worst 27 and half of the next (Rockafellar and Uryasev, 2002)
    by_hand = (losses[:27].sum() + 0.5 * losses[27]) / tail
    np.testing.assert_allclose(made.metrics["cvar"], by_hand, rtol=1e-12)
    np.testing.assert_allclose(made.metrics["leverage"], float(sum(weights.values())), rtol=1e-12)
    np.testing.assert_allclose(made.metrics["margin"], 0.4 * float(sum(weights.values())), rtol=1e-12)
    assert get_allocation(world.ledger, pending.allocation_id).status is AllocationStatus.SUPERSEDED
    active = active_allocation(world.ledger, "demo")
    assert active is not None
    assert active.allocation == made


def test_recommended_weights_measured_anew_are_what_was_recommended(embedded: World) -> None:
    made = embedded.recommend()
    assert made.allocation is not None
    again = measure(made.allocation.weights, made.run, FundLimits(), embedded.backtests.matrix).metrics
    for name in METRICS:
        np.testing.assert_allclose(again[name], made.allocation.metrics[name], rtol=1e-6, err_msg=name)


def test_nothing_at_all_can_be_approved_when_it_is_said(world: World) -> None:
    done = world.ask(Verb.APPROVE_EDITED, world.pending(), weights={"A": Decimal(0)})
    assert done.allocation.weights == {}
    active = active_allocation(world.ledger, "demo")
    assert active is not None
    assert active.allocation.metrics["cvar"] == 0


def test_an_earlier_allocation_is_brought_back_by_an_approval_of_its_own(world: World) -> None:
    first = world.ask(Verb.APPROVE, world.pending()).allocation
    second = world.ask(Verb.APPROVE, world.pending(cvar_limit=0.005)).allocation
    world.limits()
    back = world.ask(Verb.BRING_BACK, first)
    assert back.allocation.allocation_id not in {first.allocation_id, second.allocation_id}
    assert (back.allocation.origin, back.allocation.based_on) == (AllocationOrigin.ROLLED_BACK, first.allocation_id)
    assert back.allocation.weights == first.weights
    assert back.approval.replaces == second.allocation_id
    assert len(list_approvals(world.ledger, "demo")) == 3
    active = active_allocation(world.ledger, "demo")
    assert active is not None
    assert active.allocation == back.allocation


def test_bringing_back_measures_on_todays_returns_after_new_data_came(embedded: World) -> None:
    first = embedded.ask(Verb.APPROVE, embedded.pending(cvar_limit=0.02)).allocation
    embedded.ask(Verb.APPROVE, embedded.pending(cvar_limit=0.005))
    embedded.backtests = backtests(seed=8, A="newer")
    embedded.now += timedelta(days=1)
    newest = embedded.recommend(cvar_limit=0.02).run
    back = embedded.ask(Verb.BRING_BACK, first).allocation
    assert (back.weights, back.run_id) == (first.weights, newest.run_id)
    assert back.metrics["cvar"] != first.metrics["cvar"]
    assert active_allocation(embedded.ledger, "demo") is not None


def test_the_same_weights_are_not_recommended_again_once_they_are_in_force(world: World) -> None:
    world.ask(Verb.APPROVE, world.pending())
    again = world.recommend()
    assert (again.new, again.allocation) == (False, list_allocations(world.ledger, "demo")[0])
    assert list_allocations(world.ledger, "demo", AllocationStatus.PENDING_APPROVAL) == ()


def test_weights_may_be_repeated_beside_approve_but_not_differ(embedded: World) -> None:
    pending = embedded.pending()
    embedded.refused(Refusal.WRONG_WEIGHTS, Verb.APPROVE, pending, weights=half(pending))
    same = {**pending.weights, "C": Decimal(0)}
    assert embedded.ask(Verb.APPROVE, pending, weights=same).allocation.status is AllocationStatus.ACTIVE


@pytest.mark.parametrize("status", [StrategyStatus.INACTIVE, StrategyStatus.TESTING])
def test_a_recommendation_with_a_strategy_that_was_taken_out_since_is_refused(
    embedded: World, status: StrategyStatus
) -> None:
    pending = embedded.pending()
    put_strategy(embedded.ledger, strategy("A", status=status), ACT)
    refused = embedded.refused(Refusal.WRONG_WEIGHTS, Verb.APPROVE, pending)
    assert f"strategy A is {status.value}" in refused.message


def test_two_funds_are_decided_apart(world: World) -> None:
    first, other = world.pending(), world.pending(fund="other", max_weight=0.3)
    world.ask(Verb.APPROVE, first)
    assert get_allocation(world.ledger, other.allocation_id).status is AllocationStatus.PENDING_APPROVAL
    world.ask(Verb.APPROVE, other)
    for fund, allocation in (("demo", first), ("other", other)):
        active = active_allocation(world.ledger, fund)
        assert active is not None
        assert active.allocation.allocation_id == allocation.allocation_id
