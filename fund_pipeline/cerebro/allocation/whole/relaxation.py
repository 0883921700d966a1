"""The linear programme under a search tree: one warm HiGHS model whose bounds move from part to part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import highspy
import numpy as np

from fund_pipeline.cerebro.allocation.fast.model import HIGHS, INFINITY, Status
from fund_pipeline.cerebro.model import Floats
from fund_pipeline.errors import InvariantError

_new_solver: Callable[[], highspy.Highs] = highspy.Highs
"""The class itself, whose constructor carries no types."""

SOLVER = f"branch and bound with risk cuts on {HIGHS}"

_OPTIONS: dict[str, bool | int | float | str] = {
    "output_flag": False,
    "presolve": "off",
    "threads": 1,
    "simplex_iteration_limit": 200_000,
    "primal_feasibility_tolerance": 1e-9,
    "dual_feasibility_tolerance": 1e-9,
}
_MOST_CUTS = 100
"""Cuts beyond which those that are slack are dropped; a row costs every later run, finding it again costs one."""


@dataclass(frozen=True)
class Rows:
    """lower ≤ coefficients · x ≤ upper, line by line: (K, C), (K,), (K,)."""

    coefficients: Floats
    lower: Floats
    upper: Floats


@dataclass(frozen=True)
class Box:
    """lower ≤ x ≤ upper: (C,) each. A part of the search."""

    lower: Floats
    upper: Floats


@dataclass(frozen=True)
class Cut:
    """coefficients (C,) · x ≤ bound; true of every x that is allowed."""

    coefficients: Floats
    bound: float


class Relaxation:
    """Minimise costs · x under rows, cuts and the bounds of a part.

    Parameters
    ----------
    costs : (C,).
    rows : those that always stay.
    constant : added to the objective.
    """

    def __init__(self, costs: Floats, rows: Rows, constant: float = 0.0) -> None:
        self._highs = _new_solver()
        for name, value in _OPTIONS.items():
            self._highs.setOptionValue(name, value)
        self._constant = constant
        self._width = costs.size
        self._columns = np.arange(costs.size, dtype=np.int32)
        nothing = np.zeros(0, dtype=np.int32)
        free = np.full(costs.size, INFINITY)
        starts = np.zeros(costs.size, dtype=np.int32)
        self._highs.addCols(costs.size, costs, -free, free, 0, starts, nothing, np.zeros(0))
        self._fixed = len(rows.coefficients)
        self._rows = 0
        self._add(rows.coefficients, rows.lower, rows.upper)

    def cut(self, cuts: list[Cut]) -> None:
        """Add cuts."""
        bounds = np.array([cut.bound for cut in cuts])
        self._add(np.array([cut.coefficients for cut in cuts]), np.full(len(cuts), -INFINITY), bounds)

    def drop_slack(self) -> None:
        """Forget the cuts that do not hold the last optimum, once there are many."""
        if self._rows - self._fixed <= _MOST_CUTS:
            return
        status = list(self._highs.getBasis().row_status)
        slack = [row for row in range(self._fixed, self._rows) if status[row] == Status.kBasic]
        self._highs.deleteRows(len(slack), np.array(slack, dtype=np.int32))
        self._rows -= len(slack)

    def solve(self, box: Box) -> tuple[float, Floats] | None:
        """Objective and point (C,) of the optimum in a part; None if nothing in it meets rows and cuts.

        Raises
        ------
        InvariantError : the solver neither finds an optimum nor proves that there is none.
        """
        self._highs.changeColsBounds(self._width, self._columns, box.lower, box.upper)
        for _ in range(2):
            self._highs.run()
            status = self._highs.getModelStatus()
            if status == highspy.HighsModelStatus.kOptimal:
                point = np.clip(np.array(self._highs.getSolution().col_value), box.lower, box.upper)
                return float(self._highs.getInfo().objective_function_value) + self._constant, point
            if status == highspy.HighsModelStatus.kInfeasible:
                return None
            self._highs.clearSolver()
        raise InvariantError(f"a relaxation ended as {self._highs.modelStatusToString(status)}")

    def _add(self, coefficients: Floats, lower: Floats, upper: Floats) -> None:
        count = len(coefficients)
        if not count:
            return
        self._highs.addRows(
            count,
            lower,
            upper,
            coefficients.size,
            np.arange(count, dtype=np.int32) * np.int32(self._width),
            np.tile(self._columns, count),
            coefficients.ravel(),
        )
        self._rows += count
