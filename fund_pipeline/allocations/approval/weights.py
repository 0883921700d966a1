"""The weights a decision would put in force, checked and measured before anybody's code is used up."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from fund_pipeline.accounts.limits import limits_of
from fund_pipeline.allocations.approval.refusals import Refusal, RefusedError
from fund_pipeline.allocations.approval.wording import plain
from fund_pipeline.allocations.measure import Measured, measure, rests_on
from fund_pipeline.cerebro.model import ReturnsMatrix
from fund_pipeline.errors import ConflictError, InvariantError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.allocations import get_run, list_allocations, list_runs
from fund_pipeline.ledger.digests import allocation_digest
from fund_pipeline.ledger.model import Allocation, AllocationOrigin, AllocationStatus, OptimisationRun, StrategyStatus
from fund_pipeline.ledger.recorded import proven_fund, proven_run
from fund_pipeline.ledger.strategies import list_strategies

MOST_DECIMALS = 8
GREATEST = 20
"""No fund's limit of one weight can be greater (accounts/limits.py): more is a slip, such as percent."""


def measured(ledger: Ledger, allocation: Allocation, matrix: ReturnsMatrix) -> Measured:
    """An allocation's weights under the fund's present limits, against what is in force now.

    RefusedError when its returns have changed, or its run or the fund's limits are not what was recorded of them.
    """
    try:
        run, fund = proven_run(ledger, allocation.run_id), proven_fund(ledger, allocation.fund_id)
    except InvariantError as altered:
        raise RefusedError(Refusal.DATA_CHANGED, altered.message, remedy=altered.remedy) from None
    active = list_allocations(ledger, fund.fund_id, AllocationStatus.ACTIVE)
    current = active[0].weights if active else {}
    try:
        return measure(allocation.weights, run, limits_of(fund.fund_id, fund.risk_limits), matrix, current=current)
    except ConflictError as changed:
        raise RefusedError(Refusal.DATA_CHANGED, changed.message, remedy=changed.remedy) from None


def edited(ledger: Ledger, shown: Allocation, weights: Mapping[str, Decimal], now: datetime) -> Allocation:
    """An allocation of a person's own weights, on the returns of the one they were shown.

    RefusedError for no weights at all (to hold nothing, say 0 of something), and for the first strategy that is
    unknown, not ACTIVE, or took no part, or whose weight is none.
    """
    run = get_run(ledger, shown.run_id)
    if not weights:
        raise _wrong("no weights were given", "give the weight of every strategy that shall have one")
    refuse_wrong_weights(ledger, run, weights)
    kept = {name: weight for name, weight in weights.items() if weight != 0}
    if kept == dict(shown.weights):
        raise _wrong("the weights are those that were recommended", "approve them as they are")
    return _anew(shown, run, kept, AllocationOrigin.EDITED, now)


def brought_back(ledger: Ledger, earlier: Allocation, matrix: ReturnsMatrix, now: datetime) -> Allocation:
    """The weights of an earlier allocation once more, resting on the fund's newest run: its returns are today's.

    RefusedError as for `edited`, and when these weights are in force already.
    """
    active = list_allocations(ledger, earlier.fund_id, AllocationStatus.ACTIVE)
    if active and active[0].weights == earlier.weights:
        raise RefusedError(
            Refusal.ALREADY_DECIDED,
            f"the weights of {earlier.allocation_id} are in force already, as {active[0].allocation_id}",
            remedy="choose another from `fund allocations history`, or leave it as it is",
        )
    own = get_run(ledger, earlier.run_id)
    newest = list_runs(ledger, earlier.fund_id, newest=1)[0]
    run = own if rests_on(own, matrix) and not rests_on(newest, matrix) else newest
    refuse_wrong_weights(ledger, run, earlier.weights)
    return _anew(earlier, run, dict(earlier.weights), AllocationOrigin.ROLLED_BACK, now)


def refuse_other_weights(shown: Allocation, weights: Mapping[str, Decimal]) -> None:
    """RefusedError when weights are given that would not be used: whoever gives some means them."""
    if weights and {name: weight for name, weight in weights.items() if weight != 0} != dict(shown.weights):
        raise _wrong(
            f"the weights given are not those of {shown.allocation_id}",
            "decide approve_edited to approve your own, or leave the weights out",
        )


def refuse_wrong_weights(ledger: Ledger, run: OptimisationRun, weights: Mapping[str, Decimal]) -> None:
    """RefusedError for the first weight that cannot be approved, whatever the limits."""
    known = {strategy.strategy_id: strategy for strategy in list_strategies(ledger)}
    for name, weight in weights.items():
        if name not in known:
            raise _wrong(
                f"strategy {plain(name, 100)} is not in the registry",
                "correct its name; `fund strategies list` shows them",
            )
        if not weight.is_finite() or not 0 <= weight <= GREATEST:
            raise _wrong(
                f"the weight of {name} is {plain(str(weight), 40)}",
                f"give a decimal fraction of fund equity from 0 to {GREATEST}",
            )
        if Decimal(f"{weight:.{MOST_DECIMALS}f}") != weight:
            raise _wrong(f"the weight of {name} is {plain(str(weight), 40)}", f"give at most {MOST_DECIMALS} decimals")
        if weight == 0:
            continue
        if known[name].status is not StrategyStatus.ACTIVE:
            raise _wrong(f"strategy {name} is {known[name].status.value}", "leave it out, or make it ACTIVE first")
        if name not in run.inputs["backtests"]:
            raise _wrong(
                f"strategy {name} took no part in {run.run_id}, so its risk here is unknown",
                "leave it out, or include it in the optimisation and run `fund nightly`",
            )


def _wrong(message: str, remedy: str) -> RefusedError:
    return RefusedError(Refusal.WRONG_WEIGHTS, message, remedy=remedy)


def _anew(
    source: Allocation, run: OptimisationRun, weights: dict[str, Decimal], origin: AllocationOrigin, now: datetime
) -> Allocation:
    digest = allocation_digest(run.inputs_digest, weights)
    once = hashlib.sha256(f"{source.allocation_id}{digest}{now.isoformat()}".encode()).hexdigest()[:12]
    return replace(
        source,
        run_id=run.run_id,
        allocation_id=f"{source.fund_id}-{origin.value.lower().replace('_', '-')}-{once}",
        status=AllocationStatus.PENDING_APPROVAL,
        weights=weights,
        digest=digest,
        origin=origin,
        based_on=source.allocation_id,
        created_at=now,
    )
