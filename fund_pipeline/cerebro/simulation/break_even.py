"""The expected return at which a strategy that is not held would be."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from fund_pipeline.cerebro.allocation import Problem, Session, Solution
from fund_pipeline.cerebro.cvar import tail_weights
from fund_pipeline.cerebro.model import Floats
from fund_pipeline.errors import InvariantError

_SAME = 1e-10
"""Share of the objective (or of one basis point, if that is more) below which a rise is rounding."""

_BASIS_POINT = 1e-4
_SMALL_STEP = 1e-10
_LAST_DECIMAL = 1e-8
_AHEAD, _FURTHER, _MOST = 0.02, 4.0, 100.0
_MOST_STEPS = 60


@dataclass(frozen=True)
class BreakEven:
    """What a strategy that is not held lacks.

    Attributes
    ----------
    expected_return_annual : as it is.
    needed : the expected annual return above which it is held, all else as it is, a decimal; None if not even 100
        (10,000 % a year) is enough, as where a limit forbids it.
    missing : needed less what it has, 0 or more; None likewise.
    """

    strategy: str
    expected_return_annual: float
    needed: float | None
    missing: float | None


def break_even(problem: Problem, session: Session, base: Solution, i: int, guess: float) -> BreakEven:
    """Newton's method on the optimum as a function of one mean.

    That function is convex and made of straight pieces whose slopes are the weight: level up to the break-even, rising
    from there. From above, the line through each optimum meets the level at or above the break-even, and after finitely
    many pieces at it (W. Dinkelbach, "On nonlinear fractional programming", Management Science 13, 1967).

    Parameters
    ----------
    base : the problem's optimum, which does not hold strategy i.
    guess : where to begin.
    """
    has = float(problem.expected_returns[i])
    level = _proved(base)
    ahead = _AHEAD * max(abs(guess), _AHEAD)
    mean = max(guess, has) + ahead
    rise, weight = _rise(problem, session, i, mean, level)
    while not weight and mean < _MOST:
        ahead *= _FURTHER
        mean += ahead
        rise, weight = _rise(problem, session, i, mean, level)
    if not weight:
        return BreakEven(base.strategies[i], has, None, None)
    for _ in range(_MOST_STEPS):
        # The weight was rounded down; rounded up instead, no step goes too far, and the next makes up for it.
        step = min(rise / (weight + _LAST_DECIMAL), mean - has)
        mean -= step
        if step < _SMALL_STEP:
            break
        rise, weight = _rise(problem, session, i, mean, level)
        if not weight:
            break
    return BreakEven(base.strategies[i], has, mean, mean - has)


def guesses_of(problem: Problem, base: Solution) -> Floats:
    """(N,) roughly the break-evens: what a unit of each strategy takes up of the limits, at their shadow prices.

    Only a place to start from. Days that tie at the VaR share it equally here, not as the optimum would have them.
    """
    prices = {} if base.certificate is None else {b.name: b.shadow_price for b in base.certificate.binding}
    values = problem.scenarios.values
    losses = -(tail_weights(values @ base.weights, problem.constraints.beta) @ values)
    guesses = prices.get("cvar_limit", 0.0) * losses + prices.get("margin_cap", 0.0) * problem.margins
    guesses += prices.get("max_leverage", 0.0) + prices.get("budget", 0.0)
    for cluster in problem.constraints.clusters:
        member = np.array([name in cluster.members for name in base.strategies])
        guesses += prices.get(f"cluster:{cluster.name}", 0.0) * member
    found: Floats = guesses
    return found


def _rise(problem: Problem, session: Session, i: int, mean: float, level: float) -> tuple[float, float]:
    """How far the optimum with another mean is above the level, and the weight; both 0 if it is not."""
    expected = problem.expected_returns.copy()
    expected[i] = mean
    solution = session.solve(replace(problem, expected_returns=expected))
    rise = _proved(solution) - level
    if rise <= _SAME * max(abs(level), _BASIS_POINT):
        return 0.0, 0.0
    return rise, float(solution.weights[i])


def _proved(solution: Solution) -> float:
    """The bound, which is the optimum before its weights were rounded, to a relative gap of 1e-8."""
    solution.found()
    bound = None if solution.certificate is None else solution.certificate.bound
    if bound is None:
        raise InvariantError("an optimum has no bound")
    return bound
