"""A linear programme that holds only the strategies that matter so far, kept warm in HiGHS.

Every row is known for all N strategies, but only the working ones are columns; the others are priced from the rows'
duals and enter when they would improve the objective (L. R. Ford and D. R. Fulkerson, "A suggested computation for
maximal multi-commodity network flows", Management Science 5, 1958). Dense rows stay short that way.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

import highspy
import numpy as np
from numpy.typing import NDArray

from fund_pipeline.cerebro.model import Floats

INFINITY = highspy.kHighsInf
_new_solver: Callable[[], highspy.Highs] = highspy.Highs
"""The class itself, whose constructor carries no types."""

HIGHS = f"HiGHS {_new_solver().version()} by highspy"

Ints = NDArray[np.int32]
Status = highspy.HighsBasisStatus

_OPTIONS: dict[str, bool | int | float | str] = {
    "output_flag": False,
    "presolve": "off",
    "threads": 1,
    "simplex_iteration_limit": 200_000,
    "primal_feasibility_tolerance": 1e-9,
    "dual_feasibility_tolerance": 1e-9,
}
_DUAL, _PRIMAL = 1, 4
_PRICED = 1e-9
_FIRST_ROWS = 64


class Outcome(Enum):
    """How a run of the programme ended."""

    OPTIMAL = "optimal"
    INFEASIBLE = "infeasible"
    FAILED = "failed"


class WorkingModel:
    """Minimise costs · w + the extras' costs, subject to rows and bounds. See the module.

    Parameters
    ----------
    costs, lower, upper : (N,) of the weights. Strategies outside the working set are held at 0.

    Attributes
    ----------
    working, columns : (W,) the strategies that are columns, and which ones.
    rows, width : numbers of rows and columns.
    values, duals : of the columns and rows at the last optimum.
    """

    def __init__(self, costs: Floats, lower: Floats, upper: Floats) -> None:
        self.costs = costs
        self.lower = lower
        self.upper = upper
        self.working: Ints = np.empty(0, dtype=np.int32)
        self.columns: Ints = np.empty(0, dtype=np.int32)
        self._is_working = np.zeros(costs.size, dtype=bool)
        self._full = np.empty((_FIRST_ROWS, costs.size))
        self._highs = _new_solver()
        self.rows = 0
        self.width = 0
        self.values: Floats = np.empty(0)
        self.duals: Floats = np.empty(0)
        for name, value in _OPTIONS.items():
            self._highs.setOptionValue(name, value)

    def add_extras(self, costs: Floats, lower: Floats, upper: Floats, row: int = -1, coefficient: float = 0.0) -> Ints:
        """New columns that are not weights, each with one entry in an existing row if asked; their indices."""
        count = len(costs)
        entries = count if row >= 0 else 0
        self._highs.addCols(
            count,
            costs,
            lower,
            upper,
            entries,
            np.arange(count, dtype=np.int32) if entries else np.zeros(count, dtype=np.int32),
            np.full(entries, row, dtype=np.int32),
            np.full(entries, coefficient),
        )
        return self._grown(count)

    def add_rows(self, full: Floats, lower: Floats, upper: Floats, extras: Ints, coefficients: Floats) -> Ints:
        """New rows: `full` (K, N) over all strategies, and coefficients (K, E) of the columns `extras` (K, E)."""
        count = len(full)
        if self.rows + count > len(self._full):
            bigger = np.empty((2 * (self.rows + count), self.costs.size))
            bigger[: self.rows] = self._full[: self.rows]
            self._full = bigger
        self._full[self.rows : self.rows + count] = full
        values = np.concatenate((full[:, self.working], coefficients), axis=1)
        columns = np.broadcast_to(self.columns, (count, self.columns.size))
        indices = np.concatenate((columns, extras), axis=1, dtype=np.int32)
        per_row = values.shape[1]
        self._highs.addRows(
            count,
            lower,
            upper,
            values.size,
            np.arange(0, values.size, per_row, dtype=np.int32) if per_row else np.zeros(count, dtype=np.int32),
            indices.ravel(),
            values.ravel(),
        )
        added = np.arange(self.rows, self.rows + count, dtype=np.int32)
        self.rows += count
        return added

    def enter(self, strategies: Ints) -> None:
        """Make strategies columns."""
        count = len(strategies)
        values = self._full[: self.rows, strategies].T
        self._highs.addCols(
            count,
            self.costs[strategies],
            self.lower[strategies],
            self.upper[strategies],
            values.size,
            np.arange(count, dtype=np.int32) * np.int32(self.rows),
            np.tile(np.arange(self.rows, dtype=np.int32), count),
            values.ravel(),
        )
        self.working = np.concatenate((self.working, strategies))
        self.columns = np.concatenate((self.columns, self._grown(count)))
        self._is_working[strategies] = True

    def enter_all(self) -> bool:
        """Make every strategy a column; False if all were. Few strategies may be unable to meet what all can."""
        outside = np.flatnonzero(~self._is_working).astype(np.int32)
        if outside.size:
            self.enter(outside)
        return bool(outside.size)

    def set_costs(self, costs: Floats) -> None:
        """Other costs (N,) of the weights."""
        self.costs = costs
        self._highs.changeColsCost(self.working.size, self.columns, costs[self.working])

    def set_column(self, column: int, lower: float, upper: float) -> None:
        """Other bounds of one extra."""
        self._highs.changeColBounds(column, lower, upper)

    def set_row(self, row: int, lower: float, upper: float) -> None:
        """Other bounds of one row."""
        self._highs.changeRowBounds(row, lower, upper)

    def run(self, *, from_feasible: bool = False) -> Outcome:
        """Solve from the last basis: by the primal simplex if that is still feasible, else by the dual.

        A basis from which the solver does not come through is forgotten, and it starts once more without.
        """
        for strategy in (_PRIMAL if from_feasible else _DUAL, _DUAL):
            self._highs.setOptionValue("simplex_strategy", strategy)
            self._highs.run()
            status = self._highs.getModelStatus()
            if status == highspy.HighsModelStatus.kOptimal:
                solution = self._highs.getSolution()
                self.values = np.array(solution.col_value)
                self.duals = np.array(solution.row_dual)
                return Outcome.OPTIMAL
            if status == highspy.HighsModelStatus.kInfeasible:
                return Outcome.INFEASIBLE
            self._highs.clearSolver()
        return Outcome.FAILED

    def basis(self) -> tuple[list[Status], list[Status]]:
        """Where the last run left the columns and the rows."""
        last = self._highs.getBasis()
        return list(last.col_status), list(last.row_status)

    def start_from(self, columns: list[Status], rows: list[Status]) -> None:
        """Start the next run from these statuses of all columns and rows."""
        basis = highspy.HighsBasis()
        basis.col_status, basis.row_status = columns, rows
        basis.valid = basis.alien = True
        self._highs.setBasis(basis)

    def weights(self) -> Floats:
        """(N,) of the last optimum, within their bounds."""
        found = np.zeros(self.costs.size)
        found[self.working] = self.values[self.columns]
        clipped: Floats = np.clip(found, self.lower, self.upper)
        return clipped

    def improving(self, most: int) -> Ints:
        """At most `most` strategies outside that would improve the last optimum, the best first."""
        reduced = self.costs - self.duals @ self._full[: self.rows]
        reduced[self._is_working | (self.upper <= 0.0)] = 0.0
        candidates = np.flatnonzero(reduced < -_PRICED)
        best = candidates[np.argsort(reduced[candidates], kind="stable")][:most]
        return best.astype(np.int32)

    def _grown(self, count: int) -> Ints:
        added = np.arange(self.width, self.width + count, dtype=np.int32)
        self.width += count
        return added
