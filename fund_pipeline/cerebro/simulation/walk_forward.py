"""What an allocation would have earned had it been chosen again and again, each time from the past alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fund_pipeline.cerebro.allocation import Constraints, Problem, Session, Solution, SolutionStatus, portfolio_of
from fund_pipeline.cerebro.expected import Means, expected_returns
from fund_pipeline.cerebro.model import TRADING_DAYS, Floats, ReturnsMatrix
from fund_pipeline.cerebro.simulation.objective import Choose, most_return
from fund_pipeline.cerebro.simulation.rolling_mean import RollingMean
from fund_pipeline.cerebro.simulation.track import Track, TrackSummary, summary_of
from fund_pipeline.errors import InputError

Progress = Callable[[int, int], None]
"""Told how many steps are done, and of how many."""


@dataclass(frozen=True)
class Rebalance:
    """One choice of weights.

    Attributes
    ----------
    date : datetime64[D], the day whose return is the first the weights earn; only days before it were seen.
    status : OPTIMAL; or INFEASIBLE, when nothing is traded and the weights drift on.
    weights : (N,) held from the start of that day, fractions of equity.
    turnover : Σ|weights − what the last ones had drifted to|, a fraction of equity.
    cost : what that turnover cost, a decimal of equity.
    in_sample_cvar, in_sample_var : of the weights over the days seen, one day, decimals.
    conflicts : when INFEASIBLE, the limits that contradict each other.
    solver, fallbacks : as for a Solution.
    """

    date: np.datetime64
    status: SolutionStatus
    weights: Floats
    turnover: float
    cost: float
    in_sample_cvar: float
    in_sample_var: float
    conflicts: tuple[str, ...]
    solver: str
    fallbacks: tuple[str, ...]


@dataclass(frozen=True)
class WalkForward:
    """A walk forward.

    Attributes
    ----------
    dates : datetime64[D], (T,), the days after the first window; fewer if the equity was lost on the way.
    gross_returns, net_returns : (T,) decimal daily returns before and after costs, which are deducted from the return
        of the day of the rebalance. Gross returns are those of the same weights: what costs took is not put back.
    rebalances : oldest first.
    ruined_on : the day on which nothing of the equity was left, the last of the walk; None in general.
    summary : what it comes to.
    """

    strategies: tuple[str, ...]
    dates: NDArray[np.datetime64]
    gross_returns: Floats
    net_returns: Floats
    rebalances: tuple[Rebalance, ...]
    ruined_on: np.datetime64 | None
    summary: TrackSummary


def walk_forward(
    scenarios: ReturnsMatrix,
    margins: Floats,
    constraints: Constraints,
    *,
    window: int,
    step: int = 21,
    anchored: bool = False,
    cost_rate: float = 0.0,
    means: Means = Means.SAMPLE,
    choose: Choose = most_return,
    session: Session | None = None,
    progress: Progress | None = None,
) -> WalkForward:
    """Choose the weights every `step` days from the days before, and hold them; start in cash.

    Between rebalances nothing is traded: weights drift with returns, what is not invested earns 0 and borrowing is
    free. A limit on turnover, and its price, are against the drifted weights. Where a session has several weights to
    choose from that are equally good, which one it takes may depend on what it solved before this walk.

    Parameters
    ----------
    scenarios : (S, N) decimal daily returns without NaN.
    margins : (N,) as for a Problem.
    window : days of which each choice is made; if anchored, of which the first is made, later ones being made of all
        days before. At least 1 ÷ (1 − beta), less than S.
    step : days from one choice to the next, at least 1.
    cost_rate : decimal of traded notional.
    means : how expected returns are estimated from the days seen.
    choose : how weights are chosen, by default for the most return; another objective or method for a comparison.
    session : reused if given.
    progress : called after each choice.

    Raises
    ------
    InputError : a parameter out of range, or what makes a Problem invalid.
    """
    _check(scenarios, constraints, window, step, cost_rate)
    session = session or Session()
    starts = range(window, len(scenarios.dates), step)
    track = Track(scenarios.values, window)
    rebalances: list[Rebalance] = []
    windows = _windows(scenarios, starts, window, anchored, means)
    for done, (start, seen, expected) in enumerate(windows, start=1):
        problem = Problem(seen, expected, margins, track.weights, constraints)
        chosen = _rebalance(problem, choose(session, problem), scenarios.dates[start], cost_rate)
        rebalances.append(chosen)
        alive = track.hold(chosen.weights, chosen.cost, chosen.in_sample_var, step)
        if progress is not None:
            progress(done, len(starts))
        if not alive:
            break
    dates = scenarios.dates[window : track.end]
    return WalkForward(
        strategies=scenarios.strategies,
        dates=dates,
        gross_returns=track.gross,
        net_returns=track.net,
        rebalances=tuple(rebalances),
        ruined_on=dates[-1] if track.ruined else None,
        summary=summary_of(track, constraints, math.fsum(r.turnover for r in rebalances) / len(rebalances)),
    )


def _windows(
    scenarios: ReturnsMatrix, starts: range, window: int, anchored: bool, means: Means
) -> Iterator[tuple[int, ReturnsMatrix, Floats]]:
    """For each start: the days seen, as views of the matrix, and the expected annual returns by them."""
    rolling = RollingMean(scenarios.values)
    for start in starts:
        first = 0 if anchored else start - window
        seen = ReturnsMatrix(scenarios.dates[first:start], scenarios.strategies, scenarios.values[first:start])
        if means is Means.SAMPLE:
            yield start, seen, rolling.of(first, start) * TRADING_DAYS
        else:
            yield start, seen, expected_returns(seen.values, means).annual


def _rebalance(problem: Problem, solution: Solution, date: np.datetime64, cost_rate: float) -> Rebalance:
    portfolio = solution.portfolio or portfolio_of(problem, problem.current_weights)
    return Rebalance(
        date=date,
        status=solution.status,
        weights=portfolio.weights,
        turnover=portfolio.turnover,
        cost=portfolio.turnover * cost_rate,
        in_sample_cvar=portfolio.cvar,
        in_sample_var=portfolio.var,
        conflicts=solution.conflicts,
        solver=solution.solver,
        fallbacks=solution.fallbacks,
    )


def _check(scenarios: ReturnsMatrix, constraints: Constraints, window: int, step: int, cost_rate: float) -> None:
    days = len(scenarios.dates)
    needed = math.ceil(1.0 / (1.0 - constraints.beta) - 1e-9)
    if step < 1:
        raise InputError(f"step is {step}, expected at least 1 day")
    if window < needed:
        raise InputError(f"window is {window} days, expected at least {needed} for beta {constraints.beta}")
    if window >= days:
        raise InputError(
            f"window is {window} days of {days}, which leaves no day to walk", remedy="give a shorter window"
        )
    if not (math.isfinite(cost_rate) and cost_rate >= 0.0):
        raise InputError(f"cost_rate is {cost_rate}, expected a finite number of 0 or more")
    finite = np.isfinite(scenarios.values)
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        raise InputError(
            f"strategy {scenarios.strategies[column]} has no return on {scenarios.dates[row]}",
            remedy="give the common window of the strategies",
        )
