"""What each strategy is worth to the whole: without one that is held, with one that is not, and with a new one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from fund_pipeline.cerebro.allocation import Problem, Session, Solution, WeightBounds
from fund_pipeline.cerebro.contributions import contributions
from fund_pipeline.cerebro.model import Floats, ReturnsMatrix
from fund_pipeline.cerebro.simulation.break_even import BreakEven, break_even, guesses_of
from fund_pipeline.cerebro.simulation.objective import net_return
from fund_pipeline.errors import InputError


@dataclass(frozen=True)
class WithoutIt:
    """What a strategy that is held adds.

    Attributes
    ----------
    weight : in the optimum.
    solution : the optimum in which its weight must be 0, by the same limits: what is held of it today is sold, which
        counts as turnover.
    loss : expected annual return that is lost without it, net of the price of trades, 0 or more; None if nothing meets
        the limits without it, as the solution then says.
    """

    strategy: str
    weight: float
    solution: Solution
    loss: float | None


@dataclass(frozen=True)
class Marginal:
    """Every strategy's part in the optimum, in column order."""

    base: Solution
    held: tuple[WithoutIt, ...]
    not_held: tuple[BreakEven, ...]


@dataclass(frozen=True)
class Added:
    """What a new strategy would change.

    Attributes
    ----------
    before, after : the optimum without and with it; in the latter it is the last of the strategies.
    gain : of the expected annual return, net of the price of trades; None if either has no answer. Below 0 only where
        a least weight must be given to every strategy.
    weight : of the newcomer; None if `after` has no answer.
    cvar_contribution, volatility_contribution : of the newcomer to one-day CVaR and annual volatility; None likewise.
    """

    strategy: str
    before: Solution
    after: Solution
    gain: float | None
    weight: float | None
    cvar_contribution: float | None
    volatility_contribution: float | None


def marginal(
    problem: Problem, *, session: Session | None = None, progress: Callable[[int, int], None] | None = None
) -> Marginal:
    """The loss without each strategy that is held, and the break-even return of each that is not.

    Parameters
    ----------
    session : reused if given; every solve is warm.
    progress : told how many strategies are done, and of how many.

    Raises
    ------
    InfeasibleError : the problem has no answer.
    """
    session = session or Session()
    base = session.solve(problem)
    weights = base.weights
    guesses = guesses_of(problem, base)
    held: list[WithoutIt] = []
    not_held: list[BreakEven] = []
    for i, strategy in enumerate(base.strategies):
        if weights[i]:
            solution = session.solve(_without(problem, strategy))
            loss = None if solution.portfolio is None else net_return(base) - net_return(solution)
            held.append(WithoutIt(strategy, float(weights[i]), solution, None if loss is None else max(loss, 0.0)))
        else:
            not_held.append(break_even(problem, session, base, i, float(guesses[i])))
        if progress is not None:
            progress(i + 1, len(base.strategies))
    return Marginal(base, tuple(held), tuple(not_held))


def effect_of_adding(
    problem: Problem,
    name: str,
    returns: Floats,
    expected: float,
    margin: float,
    *,
    session: Session | None = None,
) -> Added:
    """Solve a problem with one more strategy, of which nothing is held today and which belongs to no cluster.

    Parameters
    ----------
    name : id of the newcomer.
    returns : (S,) its decimal daily returns on the days of the scenarios.
    expected : its expected annual return, a decimal.
    margin : as a fraction of the capital allocated to it.

    Raises
    ------
    InputError : a name that is taken, returns of another shape, or what makes a Problem invalid.
    """
    scenarios = problem.scenarios
    if name in scenarios.strategies:
        raise InputError(f"strategy {name} is already among the strategies", remedy="give the newcomer another name")
    if returns.shape != scenarios.dates.shape:
        raise InputError(
            f"returns of {name} have shape {returns.shape}, expected {scenarios.dates.shape}",
            remedy="give one return for every day of the scenarios",
        )
    session = session or Session()
    wider = replace(
        problem,
        scenarios=ReturnsMatrix(
            scenarios.dates, (*scenarios.strategies, name), np.column_stack((scenarios.values, returns))
        ),
        expected_returns=np.append(problem.expected_returns, expected),
        margins=np.append(problem.margins, margin),
        current_weights=np.append(problem.current_weights, 0.0),
    )
    before, after = session.solve(problem), session.solve(wider)
    if after.portfolio is None:
        return Added(name, before, after, None, None, None, None)
    parts = contributions(wider.scenarios.values, after.weights, wider.expected_returns, wider.constraints.beta)
    return Added(
        strategy=name,
        before=before,
        after=after,
        gain=None if before.portfolio is None else net_return(after) - net_return(before),
        weight=float(after.weights[-1]),
        cvar_contribution=float(parts.cvar[-1]),
        volatility_contribution=float(parts.volatility_annual[-1]),
    )


def _without(problem: Problem, strategy: str) -> Problem:
    """The same scenarios, so that a session stays warm, with the strategy's weight fixed at 0."""
    others = tuple(own for own in problem.constraints.bounds if own.strategy != strategy)
    bounds = (*others, WeightBounds(strategy, 0.0, 0.0))
    return replace(problem, constraints=replace(problem.constraints, bounds=bounds))
