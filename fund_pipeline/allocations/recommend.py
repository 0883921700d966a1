"""The nightly recommendation of one fund: the problem it poses, its answer, and the full record of both."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from fund_pipeline.accounts.limits import FundLimits, limits_of
from fund_pipeline.allocations.eligibility import Eligibility
from fund_pipeline.allocations.explain import explain, nothing_to_optimise
from fund_pipeline.cerebro.allocation import (
    ALLOCATOR,
    Cluster,
    Constraints,
    Problem,
    Solution,
    SolutionStatus,
    correlation_clusters,
    solve,
)
from fund_pipeline.cerebro.correlation import pairwise_correlation, repair_psd
from fund_pipeline.cerebro.model import TRADING_DAYS, Floats, ReturnsMatrix
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.allocations import find_run, get_allocation, list_allocations, record_recommendation
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.model import Allocation, AllocationStatus, Fund, OptimisationRun
from fund_pipeline.logs import get_logger

log = get_logger(__name__)


@dataclass(frozen=True)
class Recommendation:
    """What an optimisation came to. `allocation` is None when no weights meet the limits; `new` is False when the same
    inputs had been optimised before, and that earlier record is what this is.
    """

    run: OptimisationRun
    allocation: Allocation | None
    new: bool


@dataclass(frozen=True)
class Backtests:
    """What is optimised: all admitted returns, the content hash of each backtest, and its greatest margin ÷ equity."""

    matrix: ReturnsMatrix
    content_hashes: Mapping[str, str]
    margins: Mapping[str, float]


def recommend(ledger: Ledger, fund: Fund, backtests: Backtests, eligibility: Eligibility, act: Act) -> Recommendation:
    """Recommend an allocation for one fund and record it as PENDING_APPROVAL; the same inputs are recorded once.

    Raises InputError when the fund's limits are wrong. Contradictory limits are an answer, not an error: the run is
    recorded as INFEASIBLE with the constraints that conflict, and nothing is recommended.
    """
    limits = limits_of(fund.fund_id, fund.risk_limits)
    current = _current_weights(ledger, fund.fund_id)
    window = backtests.matrix.select(eligibility.included).common_window()
    inputs = _inputs(limits, backtests, eligibility, window, current)
    digest = _digest(inputs)
    known = find_run(ledger, fund.fund_id, digest)
    if known is not None:
        return _recorded(ledger, known)

    solution = None
    if eligibility.included:
        problem = _problem(limits, backtests, window, current)
        solution = solve(problem)
        result = explain(problem, solution, backtests.matrix, eligibility)
    else:
        result = nothing_to_optimise(eligibility)
    run = OptimisationRun(
        run_id=f"run-{fund.fund_id}-{digest[:12]}",
        fund_id=fund.fund_id,
        inputs_digest=digest,
        allocator=ALLOCATOR,
        status=(solution.status if solution else SolutionStatus.INFEASIBLE).value,
        inputs=inputs,
        result=result,
        correlation_id=act.correlation_id,
        created_at=act.at,
    )
    allocation = None
    if solution is not None and solution.status is SolutionStatus.OPTIMAL:
        allocation = _allocation(run, solution)
    if not record_recommendation(ledger, run, allocation, act):
        recorded = find_run(ledger, fund.fund_id, digest)
        assert recorded is not None, "a refused duplicate is in the ledger"  # noqa: S101
        return _recorded(ledger, recorded)
    log.info("recommendation recorded", fund=fund.fund_id, run=run.run_id, status=run.status, digest=digest)
    return Recommendation(run, allocation, new=True)


def _current_weights(ledger: Ledger, fund_id: str) -> dict[str, float]:
    active = list_allocations(ledger, fund_id, AllocationStatus.ACTIVE)
    return {name: float(weight) for name, weight in active[0].weights.items()} if active else {}


def _problem(limits: FundLimits, backtests: Backtests, window: ReturnsMatrix, current: Mapping[str, float]) -> Problem:
    names = window.strategies
    return Problem(
        scenarios=window,
        expected_returns=window.values.mean(axis=0) * TRADING_DAYS,
        margins=np.array([backtests.margins[name] for name in names]),
        current_weights=np.array([current.get(name, 0.0) for name in names]),
        constraints=Constraints(
            beta=limits.beta,
            cvar_limit=limits.cvar_limit,
            max_leverage=limits.max_leverage,
            max_weight=limits.max_weight,
            margin_cap=limits.margin_cap,
            max_turnover=limits.max_turnover,
            clusters=_clusters(limits, window),
        ),
    )


def _clusters(limits: FundLimits, window: ReturnsMatrix) -> tuple[Cluster, ...]:
    if limits.cluster_cap is None:
        return ()
    correlation: Floats = repair_psd(pairwise_correlation(window.values, min_overlap=2).matrix).matrix
    groups = correlation_clusters(correlation, window.strategies, limits.cluster_correlation)
    return tuple(Cluster("+".join(group), group, limits.cluster_cap) for group in groups if len(group) > 1)


def _inputs(
    limits: FundLimits,
    backtests: Backtests,
    eligibility: Eligibility,
    window: ReturnsMatrix,
    current: Mapping[str, float],
) -> dict[str, Any]:
    """Everything the answer depends on, as it is recorded and digested."""
    return {
        "allocator": ALLOCATOR,
        "objective": "maximise expected return subject to CVaR",
        "limits": limits.model_dump(mode="json"),
        "backtests": {name: backtests.content_hashes[name] for name in window.strategies},
        "margins": {name: backtests.margins[name] for name in window.strategies},
        "window": {
            "first_date": str(window.dates[0]) if len(window.dates) else None,
            "last_date": str(window.dates[-1]) if len(window.dates) else None,
            "days": len(window.dates),
        },
        "current_weights": dict(current),
        "excluded": [asdict(exclusion) for exclusion in eligibility.excluded],
    }


def _digest(value: Mapping[str, Any]) -> str:
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _allocation(run: OptimisationRun, solution: Solution) -> Allocation:
    weights = {
        name: Decimal(f"{w:.8f}") for name, w in zip(solution.strategies, solution.weights, strict=True) if w > 0
    }
    return Allocation(
        allocation_id=f"{run.fund_id}-{run.inputs_digest[:12]}",
        fund_id=run.fund_id,
        run_id=run.run_id,
        status=AllocationStatus.PENDING_APPROVAL,
        weights=weights,
        metrics=run.result["metrics"],
        digest=_digest({"inputs": run.inputs_digest, "weights": {name: str(w) for name, w in sorted(weights.items())}}),
        created_at=run.created_at,
    )


def _recorded(ledger: Ledger, run: OptimisationRun) -> Recommendation:
    if run.status != SolutionStatus.OPTIMAL.value:
        return Recommendation(run, None, new=False)
    return Recommendation(run, get_allocation(ledger, f"{run.fund_id}-{run.inputs_digest[:12]}"), new=False)
