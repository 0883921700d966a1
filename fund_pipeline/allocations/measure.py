"""Weights measured on the returns that an optimisation ran on: what they amount to, and which limits they break."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from fund_pipeline.accounts.limits import FundLimits
from fund_pipeline.allocations.pose import clusters_of, fingerprint
from fund_pipeline.allocations.verify import Breach, breaches_of
from fund_pipeline.cerebro.allocation import Constraints, Portfolio, Problem, portfolio_of
from fund_pipeline.cerebro.model import TRADING_DAYS, ReturnsMatrix
from fund_pipeline.errors import ConflictError, InvariantError
from fund_pipeline.ledger.digests import digest_of
from fund_pipeline.ledger.model import OptimisationRun

METRICS = ("expected_return_annual", "volatility_annual", "sharpe", "var", "cvar", "leverage", "margin")


@dataclass(frozen=True)
class Measured:
    """Figures of some weights on a run's returns, and the fund's present limits they break."""

    portfolio: Portfolio
    breaches: tuple[Breach, ...]
    beta: float

    @property
    def metrics(self) -> dict[str, float | None]:
        """As an allocation records them."""
        return {name: getattr(self.portfolio, name) for name in METRICS} | {"beta": self.beta}


def measure(
    weights: Mapping[str, Decimal],
    run: OptimisationRun,
    limits: FundLimits,
    matrix: ReturnsMatrix,
    *,
    current: Mapping[str, Decimal] | None = None,
) -> Measured:
    """Measure weights of strategies that took part in the run. Turnover is against `current`, or the run's own.

    Raises
    ------
    ConflictError : the returns are no longer those the run was made on.
    InvariantError : a strategy that has weight took no part in the run, or the run's inputs were changed since.
    """
    problem = problem_of(run, limits, matrix)
    if unmeasured := sorted(set(weights) - set(problem.scenarios.strategies)):
        raise InvariantError(f"{', '.join(unmeasured)} has weight, but took no part in {run.run_id}")
    held = np.array([float(weights.get(name, 0)) for name in problem.scenarios.strategies])
    # What the fund's present limits say of clusters, and what it holds now, may be other than when the run was made.
    clusters = [{"members": list(one.members), "cap": one.cap} for one in clusters_of(limits, problem.scenarios)]
    now: dict[str, object] = {"clusters": clusters}
    if current is not None:
        now["current_weights"] = {name: float(weight) for name, weight in current.items()}
    present = replace(run, inputs={**run.inputs, **now})
    return Measured(portfolio_of(problem, held), breaches_of(weights, present, limits, matrix), limits.beta)


def rests_on(run: OptimisationRun, matrix: ReturnsMatrix) -> bool:
    """Whether the run was made on these very returns."""
    names = tuple(run.inputs["backtests"])
    known = set(names) <= set(matrix.strategies)
    return known and fingerprint(matrix.select(names).common_window()) == run.inputs["returns"]


def problem_of(run: OptimisationRun, limits: FundLimits, matrix: ReturnsMatrix) -> Problem:
    """The problem a run answered, under the fund's present limits. ConflictError as for `measure`."""
    if digest_of(run.inputs) != run.inputs_digest:
        raise InvariantError(
            f"the inputs of {run.run_id} are not those it was made on",
            remedy="run `fund audit verify`: somebody changed the database",
        )
    if not rests_on(run, matrix):
        raise ConflictError(
            f"the returns that {run.run_id} was made on are not those of today",
            remedy="run `fund nightly`, and decide on what it recommends",
        )
    names, current = tuple(run.inputs["backtests"]), run.inputs["current_weights"]
    window = matrix.select(names).common_window()
    return Problem(
        scenarios=window,
        expected_returns=window.values.mean(axis=0) * TRADING_DAYS,
        margins=np.array([run.inputs["margins"][name] for name in names]),
        current_weights=np.array([current.get(name, 0.0) for name in names]),
        constraints=Constraints(
            beta=limits.beta,
            cvar_limit=limits.cvar_limit,
            max_leverage=limits.max_leverage,
            max_weight=limits.max_weight,
            margin_cap=limits.margin_cap,
        ),
    )
