"""The most return per CVaR.

The ratio does not depend on the size of a portfolio. Where cash is always allowed, the limits therefore only bound the
size, and the best composition is the one of least CVaR for any return; it is then made as large as the limits allow.
Where they bound the composition (a budget, floors, turnover), W. Dinkelbach's method ("On nonlinear fractional
programming", Management Science 13, 1967) finds the price of CVaR at which the best trade of return against CVaR is
worth nothing: that price is the ratio.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from fund_pipeline.cerebro.allocation.answering import Ask
from fund_pipeline.cerebro.allocation.ladder import GREATEST_GAP, Answer, Proved
from fund_pipeline.cerebro.allocation.limits import Limits, returns_of
from fund_pipeline.cerebro.allocation.lp import Aim
from fund_pipeline.cerebro.cvar import cvar
from fund_pipeline.cerebro.drawdown import cdar
from fund_pipeline.cerebro.model import Floats
from fund_pipeline.errors import InputError, InvariantError

_ROOM = 100.0
"""Greatest weight in a composition whose largest expected return stands for 1."""
_NO_LOSS = 1e-9
_SOME_RISK = 1e-4
_MOST_PRICES = 60
_TINY = 1e-9
_SOME_GAIN, _SOME_SHARE = 1e-4, 0.01


@dataclass(frozen=True)
class BestRatio:
    """The portfolio with the greatest ratio.

    Attributes
    ----------
    weights : (N,) as large as the limits allow; all 0 if no strategy has a positive expected return.
    ratio, bound : expected annual return net of trades ÷ one-day CVaR, and what no weights exceed whose CVaR is at
        least theirs, or one basis point, and which gain at least a hundredth of the most there is to gain, or one basis
        point a year; None for cash.
    relative_gap : their distance.
    sized_by : the limits that bound the size without playing a part in the ratio.
    proved : the last programme; its limits' prices say what holds the ratio back. None for cash.
    solver, fallbacks : as for an Answer.
    """

    weights: Floats
    ratio: float | None
    bound: float | None
    relative_gap: float
    sized_by: tuple[str, ...]
    proved: Proved | None
    solver: str
    fallbacks: tuple[str, ...]


def best_ratio(limits: Limits, answer: Ask) -> BestRatio | Answer:
    """The most expected annual return per CVaR; the Answer that found nothing, if no weights within the limits gain.

    Raises
    ------
    InputError : the ratio has no greatest value, for some weights gain and lose nothing even on their worst days.
    """
    if limits.least_held is not None:
        raise InputError(
            f"min_weight_if_held is {limits.least_held:g}, but max-return-cvar takes none",
            remedy="ask for max-return or min-cvar, or take it away",
        )
    return _of_cone(limits, answer) if limits.is_cone else _by_prices(limits, answer)


def largest_share(limits: Limits, weights: Floats) -> tuple[float, tuple[str, ...]]:
    """How often weights (N,) fit within the limits of a cone, and which limits say so."""
    returns = returns_of(limits.returns, weights)
    shares: dict[str, float] = {}
    for row in limits.rows:
        used = float(row.coefficients @ weights)
        if used > 0.0:
            shares[row.limit] = min(row.bound / used, shares.get(row.limit, np.inf))
    held = weights > 0.0
    most = np.divide(limits.upper, weights, out=np.full_like(weights, np.inf), where=held)
    own = dict(limits.own_bounds)
    for i in np.flatnonzero(held).tolist():
        name = f"greatest weight of {own[i]}" if i in own else "max_weight"
        shares[name] = min(float(most[i]), shares.get(name, np.inf))
    if limits.cvar_limit is not None and (risk := cvar(returns, limits.beta)) > 0.0:
        shares["cvar_limit"] = limits.cvar_limit / risk
    if limits.drawdown is not None and (fall := cdar(returns, limits.drawdown.beta)) > 0.0:
        shares["max_cdar"] = limits.drawdown.bound / fall
    least = min(shares.values())
    return least, tuple(name for name, share in shares.items() if share <= least * (1.0 + _TINY))


def _of_cone(limits: Limits, answer: Ask) -> BestRatio | Answer:
    movable = limits.upper > 0.0
    most = float(np.max(limits.expected, where=movable, initial=0.0))
    if most <= 0.0:
        return BestRatio(np.zeros_like(limits.expected), None, None, 0.0, (), None, "no programme", ())
    composition = replace(
        limits,
        rows=tuple(row for row in limits.rows if row.bound == 0.0),
        upper=np.where(movable, _ROOM, 0.0),
        cvar_limit=None,
        drawdown=None,
        target_return=most,
        reward=0.0,
    )
    found = answer(composition, Aim.LEAST_CVAR)
    if found.proved is None:
        nothing = tuple(row.limit for row in composition.rows)
        return BestRatio(np.zeros_like(limits.expected), None, None, 0.0, nothing, None, found.solver, found.fallbacks)
    proved, risk = found.proved, found.proved.objective
    if proved.bound.value <= 0.0 < risk:
        raise InputError(
            f"the least CVaR for a return of {most:g} a year is {risk:g}, too small to be told from rounding",
            remedy="give returns as decimals: 0.01 is one percent",
        )
    if risk <= _NO_LOSS * most or proved.vertex.weights.max() >= _ROOM:
        raise _without_bound()
    share, names = largest_share(limits, proved.vertex.weights)
    return BestRatio(
        weights=proved.vertex.weights * share,
        ratio=most / risk,
        bound=most / proved.bound.value,
        relative_gap=proved.relative_gap,
        sized_by=names,
        proved=proved,
        solver=found.solver,
        fallbacks=found.fallbacks,
    )


def _by_prices(limits: Limits, answer: Ask) -> BestRatio | Answer:
    gaining = answer(limits, Aim.MOST_RETURN)
    if gaining.proved is None:
        return gaining
    if gaining.proved.objective <= 0.0:
        return Answer(None, gaining.solver, gaining.fallbacks)
    # The method divides, so it looks among weights that gain: those that gain next to nothing are as good as cash.
    least_gain = max(limits.target_return or 0.0, min(_SOME_GAIN, _SOME_SHARE * gaining.proved.objective))
    limits = replace(limits, target_return=least_gain)
    ratio = _ratio(limits, gaining.proved.vertex.weights)
    least = answer(limits, Aim.LEAST_CVAR)
    if least.proved is None:
        return least
    for _ in range(_MOST_PRICES):
        found = answer(replace(limits, reward=1.0 / ratio), Aim.LEAST_CVAR)
        if found.proved is None:
            return found
        proved = found.proved
        better = _ratio(limits, proved.vertex.weights)
        # Least CVaR less reward is 0 at the best ratio; the bound below it, spread over the least CVaR there is, is
        # what the ratio could still gain. Weights that risk less than a basis point are as good as cash.
        risk = cvar(returns_of(limits.returns, proved.vertex.weights), limits.beta)
        could_gain = max(-proved.bound.value, 0.0) / max(least.proved.bound.value, min(risk, _SOME_RISK))
        if could_gain <= GREATEST_GAP:
            best = max(ratio, better)
            return BestRatio(
                weights=proved.vertex.weights,
                ratio=best,
                bound=ratio * (1.0 + could_gain),
                relative_gap=abs(ratio * (1.0 + could_gain) / best - 1.0),
                sized_by=(),
                proved=proved,
                solver=found.solver,
                fallbacks=found.fallbacks,
            )
        ratio = better
    raise InvariantError(f"{_MOST_PRICES} prices of CVaR do not find the greatest ratio; the last is {ratio}")


def _ratio(limits: Limits, weights: Floats) -> float:
    risk = cvar(returns_of(limits.returns, weights), limits.beta)
    gain = limits.net_return(weights)
    if risk <= _NO_LOSS * abs(gain):
        raise _without_bound()
    return gain / risk


def _without_bound() -> InputError:
    return InputError(
        "return ÷ CVaR has no greatest value: some weights gain and lose nothing even on their worst days",
        remedy="look for a strategy whose returns never lose, or ask for max-return within a CVaR limit",
    )
