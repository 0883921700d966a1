"""The nightly recommendation of one fund: the problem it poses, its answer, and the full record of both."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from decimal import Decimal

from fund_pipeline.accounts.limits import limits_of
from fund_pipeline.allocations.eligibility import Eligibility
from fund_pipeline.allocations.explain import explain, no_answer
from fund_pipeline.allocations.pose import Backtests, Question, pose
from fund_pipeline.cerebro.allocation import ALLOCATOR, Solution, SolutionStatus, solve
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.active import active_allocation
from fund_pipeline.ledger.allocations import (
    allocations_of_run,
    find_run,
    get_run,
    recommend_again,
    record_recommendation,
    withdraw_pending,
)
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.digests import allocation_digest, digest_of
from fund_pipeline.ledger.model import Allocation, AllocationOrigin, AllocationStatus, Fund, OptimisationRun
from fund_pipeline.ledger.recorded import check_made, proven_run
from fund_pipeline.logs import get_logger

log = get_logger(__name__)

_OVER = (AllocationStatus.ARCHIVED, AllocationStatus.SUPERSEDED, AllocationStatus.EXPIRED)
"""States out of which the same answer is recommended anew. A rejected one stays rejected."""


@dataclass(frozen=True)
class Recommendation:
    """What an optimisation came to. `allocation` is None when no weights meet the limits; `new` is False when the same
    inputs had been optimised before, and that earlier record is what this is.
    """

    run: OptimisationRun
    allocation: Allocation | None
    new: bool


def recommend(ledger: Ledger, fund: Fund, backtests: Backtests, eligibility: Eligibility, act: Act) -> Recommendation:
    """Recommend an allocation for one fund and record it as PENDING_APPROVAL; the same inputs are recorded once.

    Raises InputError when the fund's limits are wrong. Contradictory limits are an answer, not an error: the run is
    recorded as INFEASIBLE with the constraints that conflict, nothing is recommended, and nothing stays pending.
    """
    limits = limits_of(fund.fund_id, fund.risk_limits)
    active = active_allocation(ledger, fund.fund_id)
    current = {name: float(weight) for name, weight in active.allocation.weights.items()} if active else {}
    question = pose(limits, backtests, eligibility, current)
    digest = digest_of(question.inputs)
    known = find_run(ledger, fund.fund_id, digest)
    if known is not None:
        return _recommend_known(ledger, known, active.allocation if active else None, act)

    solution = solve(question.problem) if question.problem is not None else None
    before = get_run(ledger, active.allocation.run_id) if active is not None else None
    run = _run(fund, digest, question, solution, eligibility, before, act)
    found = solution is not None and solution.status is SolutionStatus.OPTIMAL
    allocation = _allocation(run, solution) if solution is not None and found else None
    unchanged = active is not None and allocation is not None and allocation.weights == active.allocation.weights
    if not record_recommendation(ledger, run, None if unchanged else allocation, act):
        return recommend(ledger, fund, backtests, eligibility, act)  # another process recorded it a moment ago
    log.info("optimisation recorded", fund=fund.fund_id, run=run.run_id, status=run.status, unchanged=unchanged)
    if active is not None and unchanged:
        return Recommendation(run, active.allocation, new=False)
    return Recommendation(run, allocation, new=True)


def _recommend_known(ledger: Ledger, run: OptimisationRun, active: Allocation | None, act: Act) -> Recommendation:
    """The answer that is on record; if another took its place since, it is recommended anew.

    InvariantError when the record is not what the audit log tells of it: what was altered is not recommended as new.
    """
    proven_run(ledger, run.run_id)
    earlier = [one for one in allocations_of_run(ledger, run.run_id) if one.origin is AllocationOrigin.OPTIMISED]
    if not earlier:
        # The active weights are among the inputs: an answer without an allocation is that they stay as they are.
        answered = run.status == SolutionStatus.OPTIMAL
        reason = "the active allocation is the answer" if answered else f"{run.run_id} found no answer"
        withdraw_pending(ledger, run.fund_id, reason, act)
        return Recommendation(run, active if answered else None, new=False)
    latest = earlier[0]
    with ledger.reading() as connection:
        check_made(connection, ledger.audit_keys, latest)
    if latest.status not in _OVER:
        reason = f"{latest.allocation_id} answers today's inputs"
        withdraw_pending(ledger, run.fund_id, reason, act, keep=latest.allocation_id)
        return Recommendation(run, latest, new=False)
    again = replace(
        latest,
        origin=AllocationOrigin.OPTIMISED,
        based_on=None,
        allocation_id=f"{_first_id(run)}-{len(earlier) + 1}",
        status=AllocationStatus.PENDING_APPROVAL,
        created_at=act.at,
    )
    recommend_again(ledger, again, act)
    log.info("recommended again", fund=run.fund_id, run=run.run_id, allocation=again.allocation_id)
    return Recommendation(run, again, new=True)


def _run(
    fund: Fund,
    digest: str,
    question: Question,
    solution: Solution | None,
    eligibility: Eligibility,
    before: OptimisationRun | None,
    act: Act,
) -> OptimisationRun:
    excluded = [asdict(exclusion) for exclusion in eligibility.excluded]
    if solution is None or question.problem is None:
        result = no_answer(question.conflicts)
    else:
        result = explain(question, question.problem, solution, before)
    return OptimisationRun(
        run_id=f"run-{fund.fund_id}-{digest[:12]}",
        fund_id=fund.fund_id,
        inputs_digest=digest,
        allocator=ALLOCATOR,
        status=(solution.status if solution else SolutionStatus.INFEASIBLE).value,
        inputs=question.inputs,
        result=result | {"excluded": excluded},
        correlation_id=act.correlation_id,
        created_at=act.at,
    )


def _first_id(run: OptimisationRun) -> str:
    return f"{run.fund_id}-{run.inputs_digest[:12]}"


def _allocation(run: OptimisationRun, solution: Solution) -> Allocation:
    weights = {
        name: Decimal(f"{w:.8f}") for name, w in zip(solution.strategies, solution.weights, strict=True) if w > 0
    }
    return Allocation(
        allocation_id=_first_id(run),
        fund_id=run.fund_id,
        run_id=run.run_id,
        status=AllocationStatus.PENDING_APPROVAL,
        weights=weights,
        metrics=run.result["metrics"],
        digest=allocation_digest(run.inputs_digest, weights),
        created_at=run.created_at,
    )
