"""What the portfolio would lose where the sample's averages don't hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fund_pipeline.cerebro.allocation import Problem, portfolio_of
from fund_pipeline.cerebro.cvar import cvar
from fund_pipeline.cerebro.model import TRADING_DAYS, Floats, ReturnsMatrix
from fund_pipeline.cerebro.simulation.crisis_replay import CrisisReplay, replay_crises
from fund_pipeline.errors import InputError


@dataclass(frozen=True)
class Shock:
    """A day that somebody imagined.

    Attributes
    ----------
    portfolio_return : Σ wᵢ·given return, a decimal.
    contributions : (N,) of each strategy to it.
    unshocked : strategies held for which no return was given; they are taken not to move.
    """

    name: str
    portfolio_return: float
    contributions: Floats
    unshocked: tuple[str, ...]


@dataclass(frozen=True)
class TogetherRisk:
    """Risk as the sample has it, and if all strategies had their worst days together.

    Each strategy keeps its own distribution. CVaR is that of comonotone strategies, for which it adds up (D. Tasche,
    "Expected shortfall and beyond", Journal of Banking and Finance 26, 2002, section 3); volatility that of a
    correlation of 1, for which standard deviations do.
    """

    cvar: float
    cvar_together: float
    volatility_annual: float
    volatility_annual_together: float


@dataclass(frozen=True)
class Misalignment:
    """One strategy's days moved against all others: what CVaR is if its file is misdated.

    Attributes
    ----------
    days : +1, its returns happen a day later than the file says; −1, a day earlier. The day that leaves at one end
        comes in at the other, so that its own distribution stays.
    cvar_before, cvar_after : of the portfolio, one day.
    """

    strategy: str
    days: int
    cvar_before: float
    cvar_after: float


@dataclass(frozen=True)
class Stress:
    """All stresses of one portfolio.

    Attributes
    ----------
    crises : named crises inside the history, oldest first.
    shocks : as given, in their order.
    together : correlations to one.
    misalignments : two for each strategy held, in column order.
    worst_misalignment : the one with the greatest CVaR; None if nothing is held.
    """

    crises: tuple[CrisisReplay, ...]
    shocks: tuple[Shock, ...]
    together: TogetherRisk
    misalignments: tuple[Misalignment, ...]
    worst_misalignment: Misalignment | None


def stress(
    problem: Problem,
    weights: Floats,
    history: ReturnsMatrix | None = None,
    shocks: Mapping[str, Mapping[str, float]] | None = None,
) -> Stress:
    """Stress the given weights.

    Parameters
    ----------
    problem : its scenarios are the sample, its beta the level of CVaR.
    weights : (N,) fractions of equity, not necessarily the optimum.
    history : longer returns of the same strategies, NaN where there are none, for the crises; None for the scenarios.
    shocks : per name of the shock, per strategy its one-day return, a decimal.

    Raises
    ------
    InputError : weights of another shape or not finite, an unknown strategy in a shock, or a shock that is not a finite
        number; an infinite return in the history.
    """
    names = problem.scenarios.strategies
    if weights.shape != (len(names),) or not np.isfinite(weights).all():
        raise InputError(
            f"weights have shape {weights.shape}, expected ({len(names)},) finite numbers",
            remedy="give one weight per strategy",
        )
    if history is not None and np.isinf(history.values).any():
        row, column = np.argwhere(np.isinf(history.values))[0]
        raise InputError(f"the return of {history.strategies[column]} on {history.dates[row]} is infinite")
    held = {names[i]: float(weights[i]) for i in np.flatnonzero(weights)}
    shifted = misalignments(problem, weights)
    return Stress(
        crises=replay_crises(held, problem.scenarios if history is None else history),
        shocks=tuple(_shock(name, returns, names, weights) for name, returns in (shocks or {}).items()),
        together=together_risk(problem, weights),
        misalignments=shifted,
        worst_misalignment=max(shifted, key=lambda shift: shift.cvar_after, default=None),
    )


def together_risk(problem: Problem, weights: Floats) -> TogetherRisk:
    """Risk of weights (N,) with correlations at one; see `TogetherRisk`."""
    actual = portfolio_of(problem, weights)
    values, beta = problem.scenarios.values, problem.constraints.beta
    held = np.flatnonzero(weights)
    own = [cvar(values[:, i] * weights[i], beta) for i in held]
    deviations = [abs(float(weights[i])) * _deviation(values[:, i]) for i in held]
    return TogetherRisk(
        cvar=actual.cvar,
        cvar_together=math.fsum(own),
        volatility_annual=actual.volatility_annual,
        volatility_annual_together=math.fsum(deviations) * math.sqrt(TRADING_DAYS),
    )


def misalignments(problem: Problem, weights: Floats) -> tuple[Misalignment, ...]:
    """CVaR with each strategy held by weights (N,) a day late and a day early, in column order."""
    values, beta = problem.scenarios.values, problem.constraints.beta
    held = np.flatnonzero(weights)
    portfolio = values[:, held] @ weights[held]
    before = cvar(portfolio, beta)
    found = []
    for i in held:
        own = values[:, i] * weights[i]
        rest = portfolio - own
        for days in (1, -1):
            after = cvar(rest + np.roll(own, days), beta)
            found.append(Misalignment(problem.scenarios.strategies[i], days, before, after))
    return tuple(found)


def _shock(name: str, returns: Mapping[str, float], names: tuple[str, ...], weights: Floats) -> Shock:
    unknown = sorted(set(returns) - set(names))
    if unknown:
        raise InputError(
            f"shock {name} names {', '.join(unknown)}, not among the strategies",
            remedy=f"choose from {', '.join(names)}",
        )
    for strategy, move in returns.items():
        if not math.isfinite(move):
            raise InputError(f"shock {name} of strategy {strategy} is {move}, expected a finite number")
    contributions = np.array([returns.get(strategy, 0.0) for strategy in names]) * weights
    unshocked = tuple(names[i] for i in np.flatnonzero(weights) if names[i] not in returns)
    return Shock(name, math.fsum(contributions), contributions, unshocked)


def _deviation(column: Floats) -> float:
    return float(column.std(ddof=1)) if column.min() < column.max() else 0.0
