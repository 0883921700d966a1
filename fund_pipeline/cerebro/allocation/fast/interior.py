"""First phase where many strategies are held: near the optimum by an interior-point method.

S. Mehrotra ("On the implementation of a primal-dual interior point method", SIAM Journal on Optimization 2, 1992), on
the programme of Rockafellar & Uryasev with its S rows and S tail losses eliminated, so that each step factorises one
matrix over the strategies. Cutting planes need many times more steps than strategies held; this needs some twenty.
It only has to come within a hundredth: the second phase is exact.

Weights are in units of 1e-4, so that returns in decimals give losses in basis points without a copy of the matrix.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from fund_pipeline.cerebro.allocation.fast.interior_start import Programme, parts, programme_of, start_of
from fund_pipeline.cerebro.allocation.fast.tail import BASIS_POINTS, Tail
from fund_pipeline.cerebro.allocation.limits import Limits
from fund_pipeline.cerebro.allocation.lp import Aim
from fund_pipeline.cerebro.model import Floats

_NEAR = 5e-3
_STEPS = 60
_BACK = 0.99
_NEGLIGIBLE = 1e-7
"""Share of the greatest curvature below which a scenario is left out of the matrix."""
_REGULAR = 1e-10
_SHORTEST = 1e-7


@dataclass(frozen=True)
class Central:
    """A point near the optimum.

    Attributes
    ----------
    weights : (N,).
    held : (N,) which of them look positive at the optimum.
    tail_shares : (S,) in [0, 1]: 1 for a day that is in the tail, 0 for one that is not, between for one at the VaR.
    """

    weights: Floats
    held: NDArray[np.bool_]
    tail_shares: Floats


def central(limits: Limits, aim: Aim, tail: Tail) -> Central | None:
    """A point near the optimum; None where trades count, where a weight is fixed, where CVaR is both
    limited and minimised, or where the method fails."""
    movable = limits.upper > 0.0
    pinned = (limits.upper <= limits.lower)[movable].any() or not np.isfinite(limits.upper).all()
    if limits.counts_trades or pinned or not movable.any():
        return None
    if aim is Aim.LEAST_CVAR and limits.cvar_limit is not None:
        return None
    with np.errstate(all="ignore"):
        try:
            found = _Interior(programme_of(limits, aim, tail, movable), movable).run()
        except LinAlgError:
            return None
    return found if found is not None and np.isfinite(found.weights).all() else None


class _Interior:
    """The state: weights, the VaR, the budget's multiplier, and slacks and duals laid out as `parts` says."""

    def __init__(self, programme: Programme, movable: NDArray[np.bool_]) -> None:
        self.programme = programme
        self.movable = movable
        self.parts = parts(programme)
        start = start_of(programme)
        self.weights, self.alpha = start.weights, start.level
        self.slack, self.dual = start.slack, start.dual
        self.free = 0.0

    def run(self) -> Central | None:
        """Steps until the gap is small; None if they do not get there."""
        for _ in range(_STEPS):
            products = self.slack * self.dual
            if not self.programme.limited:
                products[-1] = 0.0
            reached = self._reached()
            if products.sum() <= _NEAR * abs(reached) + 1e-9:
                return self._central()
            if not self._step(products):
                return None
        return None

    def _reached(self) -> float:
        if self.programme.limited:
            return float(self.programme.cost @ self.weights)
        return float(
            self.programme.tail.size * self.alpha + self.slack[self.parts[1]].sum() + self.programme.cost @ self.weights
        )

    def _central(self) -> Central:
        inside, _, _, low, _, cvar = self.parts
        z, gap = self.dual[low], self.slack[low]
        held = np.zeros(self.movable.size, dtype=bool)
        held[self.movable] = gap * (float(z.max()) + 1e-300) > 0.1 * z * float(gap.max())
        weights = np.zeros(self.movable.size)
        weights[self.movable] = np.clip(self.weights, self.programme.lower, self.programme.upper) / BASIS_POINTS
        return Central(weights, held | (weights > 0.05 * weights.max()), self.dual[inside] / self.dual[cvar])

    def _step(self, products: Floats) -> bool:
        tails, losses, rows, low, high, cvar = self.parts
        slack, dual, n = self.slack, self.dual, self.weights.size
        ratio = dual / slack
        flexibility = ratio[tails] + ratio[losses]
        share = ratio[tails] / flexibility
        weight = share * ratio[losses]
        system = self._system(weight, ratio[low] + ratio[high])
        border, block = self._border(weight, share, flexibility, ratio)
        solved = cho_solve(system, border, check_finite=False)
        schur = border.T @ solved
        schur.flat[:: schur.shape[0] + 1] += block
        off = self._residuals()

        def direction(complementarity: Floats) -> tuple[Floats, Floats, Floats]:
            right = complementarity / slack
            by_dual = complementarity / np.where(dual > 0.0, dual, 1.0)
            h1, h2 = right[tails], right[losses]
            chance = h1 * (1.0 - share) - share * h2
            toward = -off.weights + chance @ self.programme.returns
            toward += right[low] + ratio[low] * off.slack[low] - right[high] - ratio[high] * off.slack[high]
            first = np.append(toward, chance.sum() - off.level)
            second = by_dual[rows] + off.slack[rows]
            if self.programme.limited:
                second = np.append(by_dual[cvar] + off.slack[cvar] + ((h1 + h2) / flexibility).sum(), second)
            if self.programme.equal is not None:
                second = np.append(second, -off.budget)
            middle = cho_solve(system, first, check_finite=False)
            multipliers = np.linalg.solve(schur, second + border.T @ middle) if block.size else np.empty(0)
            moved = middle - solved @ multipliers
            price = float(multipliers[0]) if self.programme.limited else 0.0
            shift = self.programme.returns @ moved[:n] + moved[n]
            d_loss = (h1 + h2 - price - ratio[tails] * shift) / flexibility
            d_tail = shift + d_loss
            d_cvar = -self.programme.tail.size * moved[n] - d_loss.sum() - off.slack[cvar]
            d_slack = np.concatenate(
                (
                    d_tail,
                    d_loss,
                    -self.programme.rows @ moved[:n] - off.slack[rows],
                    moved[:n] - off.slack[low],
                    -moved[:n] - off.slack[high],
                    d_cvar if self.programme.limited else np.zeros(1),
                )
            )
            d_dual = right - ratio * d_slack
            d_dual[tails] = chance + share * price - weight * shift
            d_dual[losses] = price - d_dual[tails]
            d_dual[cvar] = price
            return np.append(moved, multipliers[-1] if self.programme.equal is not None else 0.0), d_slack, d_dual

        count = products.size
        mean = float(products.sum()) / count
        _, d_slack, d_dual = direction(-products)
        after = (slack + _longest(slack, d_slack) * d_slack) * (dual + _longest(dual, d_dual) * d_dual)
        if not self.programme.limited:
            after[-1] = 0.0
        centre = (float(after.sum()) / float(products.sum())) ** 3 * mean
        target = centre - products - d_slack * d_dual
        moved, d_slack, d_dual = direction(target)
        primal = min(1.0, _BACK * _longest(slack, d_slack))
        priced = min(1.0, _BACK * _longest(dual, d_dual))
        if not min(primal, priced) > _SHORTEST:
            return False
        self.weights = self.weights + primal * moved[:n]
        self.alpha += primal * float(moved[n])
        self.slack = slack + primal * d_slack
        self.dual = dual + priced * d_dual
        self.free += priced * float(moved[n + 1])
        return True

    def _system(self, weight: Floats, bounds: Floats) -> tuple[Floats, bool]:
        n = self.weights.size
        rows, kept = self.programme.returns, weight
        days = np.flatnonzero(weight > _NEGLIGIBLE * weight.max())
        if days.size < weight.size // 2:
            rows, kept = self.programme.returns.take(days, axis=0), weight[days]
        rows = rows * np.sqrt(kept)[:, None]
        matrix = np.empty((n + 1, n + 1))
        matrix[:n, :n] = rows.T @ rows
        matrix[n, :n] = matrix[:n, n] = weight @ self.programme.returns
        matrix[n, n] = weight.sum()
        diagonal = matrix.flat[:: n + 2]
        diagonal[:n] += bounds
        matrix.flat[:: n + 2] = diagonal * (1.0 + _REGULAR)
        return cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)

    def _border(self, weight: Floats, share: Floats, flexibility: Floats, ratio: Floats) -> tuple[Floats, Floats]:
        n, (_, _, rows, _, _, cvar) = self.weights.size, self.parts
        columns = [np.append(row, 0.0) for row in self.programme.rows]
        block = list(1.0 / ratio[rows])
        if self.programme.limited:
            columns.insert(0, np.append(-(share @ self.programme.returns), self.programme.tail.size - share.sum()))
            block.insert(0, float((1.0 / flexibility).sum() + 1.0 / ratio[cvar][0]))
        if self.programme.equal is not None:
            columns.append(np.append(np.ones(n), 0.0))
            block.append(0.0)
        return np.array(columns).reshape(len(columns), n + 1).T, np.array(block)

    def _residuals(self) -> _Residuals:
        tails, losses, rows, low, high, cvar = self.parts
        slack = np.zeros_like(self.slack)
        slack[rows] = self.slack[rows] - (self.programme.bounds - self.programme.rows @ self.weights)
        slack[low] = self.slack[low] - (self.weights - self.programme.lower)
        slack[high] = self.slack[high] - (self.programme.upper - self.weights)
        beyond = self.programme.tail.size * self.alpha + self.slack[losses].sum()
        slack[cvar] = self.slack[cvar] - (self.programme.limit - beyond)
        dual = self.dual
        weights = (
            self.programme.cost
            - dual[tails] @ self.programme.returns
            + dual[rows] @ self.programme.rows
            - dual[low]
            + dual[high]
            + self.free
        )
        level = self.programme.tail.size * float(dual[cvar][0]) - float(dual[tails].sum())
        budget = 0.0 if self.programme.equal is None else self.programme.equal - float(self.weights.sum())
        return _Residuals(weights, level, slack, budget)


@dataclass(frozen=True)
class _Residuals:
    """What the state still violates: stationarity in the weights and in α, the slacks' definitions, the budget."""

    weights: Floats
    level: float
    slack: Floats
    budget: float


def _longest(values: Floats, change: Floats) -> float:
    """Longest step in [0, 1] that keeps the values from becoming negative."""
    steepest = float((change / values).min())
    return min(1.0, -1.0 / steepest) if steepest < 0.0 else 1.0
