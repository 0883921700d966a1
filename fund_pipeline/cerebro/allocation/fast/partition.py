"""Second phase: the exact optimum, from a partition of the days into surely in the tail, surely not, and single ones.

Days in the tail are summed into the one row of CVaR, days outside are left out, and only single days have rows of their
own. This is a relaxation; a day that its optimum puts on the wrong side becomes single, which only appends a row and a
column, so the basis stays warm. When no day is on the wrong side and no strategy outside would help, the optimum is
that of the whole programme. (After D. Espinoza and E. Moreno, "A primal-dual aggregation algorithm for minimizing
conditional value-at-risk in linear programs", Computational Optimization and Applications 59, 2014.)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fund_pipeline.cerebro.allocation.fast.base import base_of, linear_objective, move, multipliers_of
from fund_pipeline.cerebro.allocation.fast.model import INFINITY, Ints, Outcome, Status
from fund_pipeline.cerebro.allocation.fast.tail import BASIS_POINTS, Tail
from fund_pipeline.cerebro.allocation.limits import Limits
from fund_pipeline.cerebro.allocation.lp import Aim, Vertex
from fund_pipeline.cerebro.model import Floats

_WRONG = 1e-9
"""Basis points by which a day must be on the wrong side of the VaR."""
_MET = 1e-11
"""Basis points to which CVaR is met."""
_ENTERING = 64
_MOST_RUNS = 300
"""A day or a strategy only ever enters, so runs end by themselves; this many say that the solver does not move."""
_CROWDED = 2
_HELD = 1e-3
_FULL = 1e-6
_SPARE_ENTRIES = 5_000
_NEIGHBOURS = 20
_BATCH = 20
"""Days on the wrong side that become single in one go, with as many again as strategies."""
_MANY = 50
"""Strategies up to which going on is always sooner than starting anew."""


class Partition:
    """The programme over the single days, warm between calls.

    Parameters
    ----------
    limits, aim : as for the whole programme.
    tail : the scenarios.
    weights : (N,) near the optimum, from which the days are parted.
    working : strategies to begin with.
    single : days (indices) to have rows from the start.
    """

    def __init__(
        self, limits: Limits, aim: Aim, tail: Tail, weights: Floats, working: Ints, single: NDArray[np.bool_]
    ) -> None:
        self.limits = limits
        self.aim = aim
        self.tail = tail
        order = np.argsort(-tail.losses(weights), kind="stable")
        inside = np.zeros(tail.scenarios, dtype=bool)
        inside[order[: tail.whole]] = True
        self._part(working, inside, np.flatnonzero(single))

    def start_near(self, weights: Floats) -> None:
        """Start the first run from the basis that weights (N,) very near the optimum suggest: held ones basic, as many
        days at the VaR as it takes. A bad guess costs pivots, nothing else. Sales are not guessed.
        """
        base, model, limits = self.base, self.base.model, self.limits
        if base.sold.size or base.target_return.size:
            return
        columns = [Status.kLower] * model.width
        rows = [Status.kBasic] * model.rows
        held = weights > limits.lower + _HELD * float(weights.max())
        full = weights >= limits.upper * (1.0 - _FULL)
        for strategy, column in zip(model.working, model.columns, strict=True):
            if full[strategy]:
                columns[column] = Status.kUpper
            elif held[strategy]:
                columns[column] = Status.kBasic
        binding = [*base.budget, self.row]
        for index, row in zip(base.linear, limits.rows, strict=True):
            if row.coefficients @ weights > row.bound * (1.0 - _HELD):
                binding.append(index)
        for index in binding:
            rows[index] = Status.kUpper
        columns[self.level] = Status.kBasic
        if self.aim is Aim.MOST_RETURN:
            columns[base.cvar] = Status.kUpper
        else:
            columns[base.cvar] = Status.kBasic
        losses = self.tail.losses(weights)
        first = losses.size - self.tail.whole - 1
        level = float(np.partition(losses, first)[first])
        at_level = max(columns.count(Status.kBasic) - len(binding), 0)
        for nearest in np.argsort(np.abs(losses[self.days] - level), kind="stable")[:at_level]:
            rows[self.rows[nearest]] = Status.kLower
        model.start_from(columns, rows)

    def move(self, limits: Limits) -> None:
        """Ask for other expected returns, or another CVaR limit, turnover or bounds of the linear limits."""
        self._thin()
        move(self.base, self.limits, limits, self.aim)
        self.limits = limits

    def solve(self, patience: float = np.inf) -> Outcome:
        """Run, part and price until nothing is wrong; FAILED if that looks like more work than there is patience.

        Work is estimated as days on the wrong side × rows × strategies: pivots times the size of one.
        """
        model = self.base.model
        entered = False
        for _ in range(_MOST_RUNS):
            outcome = model.run(from_feasible=entered)
            if outcome is not Outcome.OPTIMAL:
                return outcome
            losses = self.tail.losses(model.weights())
            over = losses - float(model.values[self.level])
            wrong = np.where(self.inside, -over, over)
            wrong[self.single] = 0.0
            found = np.flatnonzero(wrong > _WRONG)
            # Weights within the CVaR of a relaxation are optimal whatever its VaR, which is arbitrary if it is free.
            if found.size and self.tail.cvar(losses)[0] <= float(model.values[self.base.cvar]) + _MET:
                found = found[:0]
            work = found.size * (model.rows + found.size) * model.working.size
            if model.working.size > _MANY and work > patience:
                return Outcome.FAILED
            most = _BATCH + model.working.size
            if found.size > most:
                found = found[np.argpartition(-wrong[found], most)[:most]]
            if found.size:
                self._make_single(found)
                entered = False
                continue
            entering = model.improving(_ENTERING)
            if not entering.size:
                return Outcome.OPTIMAL
            model.enter(entering)
            entered = True
        return Outcome.FAILED

    def vertex(self) -> Vertex:
        """The last optimum. Prices of days: that of CVaR for each in the tail, less or more what its row says."""
        model = self.base.model
        prices = np.where(self.inside, -model.duals[self.row], 0.0)
        single = model.duals[self.rows]
        prices[self.days] += np.where(self.inside[self.days], -single, single)
        weights = model.weights()
        objective = linear_objective(self.limits, self.aim, weights)
        if self.aim is Aim.LEAST_CVAR:
            objective += float(model.values[self.base.cvar])
        return Vertex(weights, multipliers_of(self.base, self.limits, self.aim, prices), objective)

    def _part(self, working: Ints, inside: NDArray[np.bool_], single: NDArray[np.intp]) -> None:
        tail = self.tail
        self.base = base_of(self.limits, self.aim, working, -INFINITY)
        model = self.base.model
        self.inside = inside
        self.single = np.zeros(tail.scenarios, dtype=bool)
        self.days: NDArray[np.intp] = np.empty(0, dtype=np.intp)
        self.rows: Ints = np.empty(0, dtype=np.int32)
        self.beyond: Ints = np.empty(0, dtype=np.int32)
        whole = int(inside.sum())
        (level,) = model.add_extras(np.zeros(1), np.array([-INFINITY]), np.array([INFINITY]))
        self.level = int(level)
        (row,) = model.add_rows(
            (-BASIS_POINTS * tail.returns[inside].sum(axis=0))[None, :],
            np.array([-INFINITY]),
            np.zeros(1),
            np.array([[self.level, self.base.cvar]], dtype=np.int32),
            np.array([[tail.size - whole, -tail.size]]),
        )
        self.row = int(row)
        if single.size:
            self._make_single(single)

    def _thin(self) -> None:
        """Give the days that have left the VaR behind back to their side, and start from the same vertex.

        A single day has exactly one basic variable if it is off the VaR: its loss beyond or its slack. Without the day
        both are gone, and the rest of the basis is as good as it was.
        """
        old, static = self.base.model, self.row + 1
        columns, rows = old.basis()
        of_loss = [columns[index] for index in self.beyond]
        of_row = [rows[index] for index in self.rows]
        basic = np.array([(a == Status.kBasic) + (b == Status.kBasic) for a, b in zip(of_loss, of_row, strict=True)])
        at_level = basic != 1
        if self.days.size < _CROWDED * at_level.sum() + _SPARE_ENTRIES / max(old.working.size, 1):
            return
        over = self.tail.losses(old.weights()) - float(old.values[self.level])
        nearest = np.argsort(np.abs(over[self.days]), kind="stable")
        kept = at_level.copy()
        kept[nearest[: 2 * int(at_level.sum()) + _NEIGHBOURS]] = True
        inside = over > 0.0
        inside[self.days[at_level]] = self.inside[self.days[at_level]]
        first, level = columns[: self.base.fixed], columns[self.level]
        of_strategy = {int(s): columns[c] for s, c in zip(old.working, old.columns, strict=True)}

        self._part(old.working, inside, self.days[kept])

        model = self.base.model
        columns = [Status.kLower] * model.width
        columns[: self.base.fixed] = first
        columns[self.level] = level
        for strategy, column in zip(model.working, model.columns, strict=True):
            columns[column] = of_strategy[int(strategy)]
        rows = rows[:static] + [Status.kBasic] * self.days.size
        for new, day in enumerate(np.flatnonzero(kept)):
            if at_level[day]:
                columns[self.beyond[new]], rows[self.rows[new]] = of_loss[day], of_row[day]
        model.start_from(columns, rows)

    def _make_single(self, days: NDArray[np.intp]) -> None:
        """Rows u ≥ loss − VaR for days outside the tail, u ≥ VaR − loss for days inside, with u ≥ 0 added to CVaR."""
        model, count = self.base.model, days.size
        columns = model.add_extras(np.zeros(count), np.zeros(count), np.full(count, INFINITY), self.row, 1.0)
        sign = np.where(self.inside[days], -1.0, 1.0)
        rows = model.add_rows(
            self.tail.returns[days] * (BASIS_POINTS * sign)[:, None],
            np.zeros(count),
            np.full(count, INFINITY),
            np.column_stack((np.full(count, self.level), columns)).astype(np.int32),
            np.column_stack((sign, np.ones(count))),
        )
        self.single[days] = True
        self.days = np.concatenate((self.days, days))
        self.rows = np.concatenate((self.rows, rows))
        self.beyond = np.concatenate((self.beyond, columns))


def days_near(losses: Floats, whole: int, width: int) -> NDArray[np.bool_]:
    """(S,) the days within so many places of the VaR."""
    near = np.zeros(losses.size, dtype=bool)
    near[np.argsort(-losses, kind="stable")[max(0, whole - width) : whole + width + 1]] = True
    return near
