"""The most return per CVaR, told as a Solution."""

from __future__ import annotations

from dataclasses import replace

from fund_pipeline.cerebro.allocation.binding import Measure, binding_constraints
from fund_pipeline.cerebro.allocation.conflicts import conflicting
from fund_pipeline.cerebro.allocation.ladder import Answer
from fund_pipeline.cerebro.allocation.limits import Limits, returns_of
from fund_pipeline.cerebro.allocation.model import Problem
from fund_pipeline.cerebro.allocation.ratio import BestRatio
from fund_pipeline.cerebro.allocation.solution import (
    ALLOCATOR,
    BindingConstraint,
    Certificate,
    Portfolio,
    Solution,
    SolutionStatus,
)
from fund_pipeline.cerebro.cvar import cvar

OBJECTIVE = "max-return-cvar"

_SOME_RETURN = 1e-6


def ratio_solution(limits: Limits, best: BestRatio, portfolio: Portfolio, strategies: tuple[str, ...]) -> Solution:
    """The best ratio as a Solution; `portfolio` holds the rounded weights."""
    binding = [
        BindingConstraint(name, 0.0, f"{name} bounds the size; the ratio would be the same without it")
        for name in best.sized_by
    ]
    if best.proved is not None and best.ratio is not None:
        risk = cvar(returns_of(limits.returns, best.proved.vertex.weights), limits.beta)
        # The price y is of CVaR; at the best ratio λ, dλ/dlimit = y·λ ÷ CVaR, of the weights at the size they have.
        size = float(best.weights.sum() / best.proved.vertex.weights.sum())
        per_price = best.ratio / risk / size if size > 0.0 else 0.0
        priced = binding_constraints(
            best.proved.limits,
            strategies,
            Measure("of return ÷ CVaR", per_price, in_basis_points=False),
            best.proved.vertex.weights,
            best.proved.vertex.multipliers,
            best.proved.bound,
        )
        binding += [limit for limit in priced if limit.name != "target_return"]
    reached = 0.0
    if best.ratio is not None and portfolio.cvar > 0.0:
        reached = best.ratio - (portfolio.expected_return_annual - portfolio.trading_cost) / portfolio.cvar
    return Solution(
        status=SolutionStatus.OPTIMAL,
        strategies=strategies,
        portfolio=portfolio,
        certificate=Certificate(portfolio.cvar, best.bound, best.relative_gap, abs(reached), tuple(binding)),
        conflicts=(),
        solver=best.solver,
        allocator=ALLOCATOR,
        fallbacks=best.fallbacks,
        objective=OBJECTIVE,
        notes=_notes(best, portfolio),
    )


def _notes(best: BestRatio, portfolio: Portfolio) -> tuple[str, ...]:
    if best.ratio is None and not best.sized_by:
        return ("no strategy has a positive expected return, so nothing is held",)
    if not portfolio.weights.any():
        return (f"{', '.join(best.sized_by)} leaves no room for any size, so nothing is held",)
    return ()


def ratio_without_answer(problem: Problem, limits: Limits, found: Answer) -> Solution:
    """Which limits leave no weights that gain."""
    gaining = conflicting(replace(limits, target_return=_SOME_RETURN))
    return Solution(
        status=SolutionStatus.INFEASIBLE,
        strategies=problem.scenarios.strategies,
        portfolio=None,
        certificate=None,
        conflicts=tuple("expected return > 0" if "target_return" in name else name for name in gaining),
        solver=found.solver,
        allocator=ALLOCATOR,
        fallbacks=found.fallbacks,
        objective=OBJECTIVE,
    )
