"""An allocation's quadratic programme: weights, trades, and for a ratio the scale that makes it one of variance.

A ratio has the same value at every scale. With y = κ·w, κ ≥ 0, and the return of y held at 1, the greatest ratio is the
least variance of y (A. Charnes and W. W. Cooper, "Programming with linear fractional functionals", 1962; S. Schaible,
"Parameter-free convex equivalent and dual programs of fractional programs", 1974). Every bound b becomes b·κ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from fund_pipeline.cerebro.allocation.limits import Limits, LinearLimit
from fund_pipeline.cerebro.allocation.quadratic.convex import Failed, Point, Qp, interior_point
from fund_pipeline.cerebro.allocation.quadratic.polish import polished
from fund_pipeline.cerebro.allocation.quadratic.risk import Risk
from fund_pipeline.cerebro.model import Floats


@dataclass(frozen=True)
class Question:
    """Minimise aversion/2·w'Σw − reward·(return net of trades); or, as a ratio, maximise that return ÷ √(w'Σw).

    Attributes
    ----------
    limits : as they are; the limits of CVaR and CDaR count through `cuts` alone.
    cuts : rows that every portfolio within those two limits meets.
    is_scaled : of a ratio, whether any bound is neither 0 nor infinite, so that κ matters; without it w = y.
    greatest_scale : of a ratio, the greatest κ; with the return of y in units of the greatest expected return.
    """

    limits: Limits
    risk: Risk
    aversion: float = 1.0
    reward: float = 0.0
    is_ratio: bool = False
    is_scaled: bool = False
    cuts: tuple[LinearLimit, ...] = ()
    greatest_scale: float = np.inf

    @property
    def rows(self) -> tuple[LinearLimit, ...]:
        """The linear limits, then the cuts."""
        return self.limits.rows + self.cuts


@dataclass(frozen=True)
class Prices:
    """Multipliers of a question's limits, all ≥ 0 but the budget's, in its objective per unit of the limit.

    Attributes
    ----------
    rows : one per row of the question.
    trades : (N,) of the signed trades, purchases positive.
    """

    rows: Floats
    turnover: float
    trades: Floats
    budget: float
    target_return: float


@dataclass(frozen=True)
class Answered:
    """Weights (N,) within their bounds, prices, and κ where there is one (else 1)."""

    weights: Floats
    prices: Prices
    scale: float


def answered(question: Question) -> Answered | Failed:
    """Solve the question by the interior-point method and polish the answer.

    For a ratio the prices are those of (return − greatest ratio × volatility), a decimal of annual return.
    """
    return _Form(question).solve()


class _Form:
    """Columns: N weights, N trades if they matter, S moves if the risk is given by days, κ if bounds need it."""

    def __init__(self, question: Question) -> None:
        self.question = question
        limits = question.limits
        self.n = limits.expected.size
        self.trades = self.n
        self.moves = self.n + (self.n if limits.counts_trades else 0)
        factor = question.risk.factor
        self.scale_at = self.moves + (0 if factor is None else len(factor))
        self.columns = self.scale_at + int(question.is_scaled)
        typical = float(np.mean(question.risk.deviations**2))
        self.unit_risk = typical if typical > 0.0 else 1.0
        most = float(np.abs(limits.expected).max())
        self.unit_return = most if most > 0.0 else 1.0
        self.blocks: list[Any] = []
        self.bounds: list[Floats] = []
        self.sizes: list[Floats] = []
        self.at: dict[str, slice] = {}

    def solve(self) -> Answered | Failed:
        qp = self._qp()
        found = interior_point(qp)
        return found if isinstance(found, Failed) else self._read(polished(qp, found))

    def _qp(self) -> Qp:
        question, limits = self.question, self.question.limits
        fixed = limits.lower == limits.upper
        if fixed.any():
            self._add("fixed", self._some(fixed, 1.0), limits.lower[fixed])
        if limits.budget is not None:
            self._add("budget", self._on_weights(np.ones(self.n)), np.array([limits.budget]))
        if question.risk.factor is not None:
            root = question.risk.factor / np.sqrt(self.unit_risk)
            days = len(root)
            minus = self._wide(-sparse.eye_array(days), self.moves)
            self._add("moves", self._wide(root, 0) + minus, np.zeros(days))
        if question.is_ratio:
            self._add("return", self._net_return(1.0), np.ones(1), scaled=False)
        equalities = sum(b.size for b in self.bounds)
        self._inequalities(fixed)
        linear = np.zeros(self.columns)
        self.unit = max(question.aversion * self.unit_risk, question.reward * self.unit_return)
        linear[: self.n] = -question.reward * limits.expected
        if limits.counts_trades:
            linear[self.trades : self.trades + self.n] = question.reward * limits.trade_price
        return Qp(
            quadratic=self._quadratic(),
            linear=linear / self.unit,
            rows=sparse.vstack(self.blocks, format="csr"),
            bounds=np.concatenate(self.bounds),
            equalities=equalities,
        )

    def _inequalities(self, fixed: Any) -> None:
        question, limits = self.question, self.question.limits
        above, below = ~fixed, ~fixed & np.isfinite(limits.upper)
        self._add("lower", self._some(above, -1.0), -limits.lower[above])
        if below.any():
            self._add("upper", self._some(below, 1.0), limits.upper[below])
        if question.rows:
            sizes = np.array([float(np.abs(row.coefficients).max(initial=0.0)) or 1.0 for row in question.rows])
            matrix = np.array([row.coefficients for row in question.rows]) / sizes[:, None]
            bounds = np.array([row.bound for row in question.rows]) / sizes
            self._add("rows", self._wide(matrix, 0), bounds, sizes=sizes)
        if limits.target_return is not None:
            target = -limits.target_return / self.unit_return
            self._add("target_return", self._net_return(-1.0), np.array([target]), sizes=np.array([self.unit_return]))
        if limits.counts_trades:
            weights, trades = self._wide(sparse.eye_array(self.n), 0), self._wide(sparse.eye_array(self.n), self.trades)
            self._add("buy", weights - trades, limits.current)
            self._add("sell", -weights - trades, -limits.current)
        if limits.turnover is not None:
            self._add("max_turnover", self._wide(np.ones((1, self.n)), self.trades), np.array([limits.turnover]))
        if question.is_scaled:
            self._add("scale", self._wide(np.array([[-1.0]]), self.scale_at), np.zeros(1), scaled=False)
            if np.isfinite(question.greatest_scale):
                most = np.array([question.greatest_scale])
                self._add("greatest_scale", self._wide(np.array([[1.0]]), self.scale_at), most, scaled=False)

    def _quadratic(self) -> Any:
        question = self.question
        ratio = question.aversion / self.unit
        if question.risk.factor is not None:
            days = len(question.risk.factor)
            diagonal = np.zeros(self.columns)
            diagonal[self.moves : self.moves + days] = ratio * self.unit_risk
            return sparse.diags_array(diagonal, format="csr")
        row, column = np.indices((self.n, self.n)).reshape(2, -1)
        values = (question.risk.matrix() * ratio).ravel()
        return sparse.csr_array((values, (row, column)), shape=(self.columns, self.columns))

    def _read(self, point: Point) -> Answered:
        limits = self.question.limits
        scale = float(point.x[self.scale_at]) if self.question.is_scaled else 1.0
        # The return of y is held at one unit; its multiplier is the least variance, by which prices become returns.
        worth = self.unit
        if self.question.is_ratio:
            least = abs(float(point.prices[self.at["return"]][0]))
            worth = self.unit_return / least if least > 0.0 else 0.0

        def price(name: str, size: int = 1) -> Floats:
            at = self.at.get(name)
            return np.zeros(size) if at is None else point.prices[at] * worth

        sizes = self.sizes[list(self.at).index("rows")] if "rows" in self.at else np.ones(0)
        rows = price("rows", 0) / sizes if sizes.size else np.zeros(0)
        weights = point.x[: self.n] / scale if scale > 0.0 else np.zeros(self.n)
        return Answered(
            weights=np.clip(weights, limits.lower, limits.upper),
            prices=Prices(
                rows=rows,
                turnover=float(price("max_turnover")[0]),
                trades=price("buy", self.n) - price("sell", self.n),
                budget=float(price("budget")[0]),
                target_return=float(price("target_return")[0]) / self.unit_return,
            ),
            scale=scale,
        )

    def _add(self, name: str, block: Any, bound: Floats, *, sizes: Floats | None = None, scaled: bool = True) -> None:
        """Rows block·x ≤ (or =) bound, or of a ratio ≤ bound·κ unless they are not `scaled`."""
        start = sum(b.size for b in self.bounds)
        self.at[name] = slice(start, start + bound.size)
        self.sizes.append(np.ones(bound.size) if sizes is None else sizes)
        if self.question.is_scaled and scaled:
            block = block + self._wide(-bound[:, None], self.scale_at)
            bound = np.zeros(bound.size)
        self.blocks.append(block)
        self.bounds.append(np.asarray(bound, dtype=np.float64))

    def _net_return(self, sign: float) -> Any:
        """Return net of trades in units of the greatest expected return, as one row."""
        limits = self.question.limits
        gross = self._on_weights(sign * limits.expected / self.unit_return)
        if not limits.trade_price:
            return gross
        price = np.full((1, self.n), -sign * limits.trade_price / self.unit_return)
        return gross + self._wide(price, self.trades)

    def _on_weights(self, coefficients: Floats) -> Any:
        return self._wide(coefficients[None, :], 0)

    def _some(self, chosen: Any, sign: float) -> Any:
        at = np.flatnonzero(chosen)
        return sparse.csr_array((np.full(at.size, sign), (np.arange(at.size), at)), shape=(at.size, self.columns))

    def _wide(self, part: Any, start: int) -> Any:
        """A block as sparse rows over all columns, from column `start`; scipy's stubs have no type for it."""
        piece = sparse.coo_array(part)
        row, column = piece.coords
        return sparse.csr_array((piece.data, (row, column + start)), shape=(piece.shape[0], self.columns))
