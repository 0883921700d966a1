"""How much an optimum owes to the days it was found on: the same question asked of resampled histories.

Days are drawn in blocks, so that what follows what is kept within them, and the last day is followed by the first
(D. N. Politis and J. P. Romano, "A circular block-resampling procedure for stationary data", in "Exploring the limits
of bootstrap", 1992). Each sample's weights are also measured on the days it did not draw, which they have not seen.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fund_pipeline.cerebro.allocation import Problem, Session
from fund_pipeline.cerebro.cvar import cvar
from fund_pipeline.cerebro.expected import Means, expected_returns
from fund_pipeline.cerebro.model import TRADING_DAYS, Floats, ReturnsMatrix
from fund_pipeline.cerebro.simulation.bands import Band, WeightBands, band_of, bands_of
from fund_pipeline.cerebro.simulation.objective import Choose, most_return
from fund_pipeline.errors import InfeasibleError, InputError

Days = NDArray[np.intp]


@dataclass(frozen=True)
class Bootstrap:
    """The optima of resampled histories.

    Attributes
    ----------
    samples, optimal : histories drawn, and those among them with an optimum; the bands are over the latter.
    measured : optima that were also measured out of the bag: with at least 1 ÷ (1 − beta) days not drawn.
    weights : bands of the N weights.
    expected_return_annual, cvar : of the optima on the days they were found on.
    out_of_bag_return_annual, out_of_bag_cvar : of the same weights on the days that were not drawn (mean × 252, and one
        day's CVaR); None if none was measured.
    optimism : out-of-bag less in-sample CVaR, sample by sample: what to add to a CVaR that is promised; None likewise.
    """

    strategies: tuple[str, ...]
    samples: int
    optimal: int
    measured: int
    weights: WeightBands
    expected_return_annual: Band | None
    cvar: Band | None
    out_of_bag_return_annual: Band | None
    out_of_bag_cvar: Band | None
    optimism: Band | None


def bootstrap(
    problem: Problem,
    *,
    samples: int = 200,
    block: int = 21,
    seed: int,
    means: Means = Means.SAMPLE,
    choose: Choose = most_return,
    progress: Callable[[int, int], None] | None = None,
) -> Bootstrap:
    """Resample the days of a problem, estimate the returns again and optimise again. The same seed, the same answer.

    Parameters
    ----------
    problem : its own expected returns are not used.
    samples : histories to draw, at least 1.
    block : consecutive days drawn at a time, 1 to S.
    means : how expected returns are estimated from each sample.
    choose : how weights are chosen, by default for the most return.
    progress : told how many samples are done, and of how many.

    Raises
    ------
    InputError : samples, block or seed out of range.
    InfeasibleError : no sample has weights within the limits.
    """
    days = len(problem.scenarios.dates)
    if samples < 1 or seed < 0:
        raise InputError(f"samples is {samples} and seed {seed}, expected at least 1 and at least 0")
    if not 1 <= block <= days:
        raise InputError(f"block is {block}, expected 1 to {days}, the days there are")
    rng = np.random.default_rng(seed)
    found = _Found(problem, means, choose)
    for done in range(1, samples + 1):
        drawn = draw_days(rng, days, block)
        found.add(drawn)
        if progress is not None:
            progress(done, samples)
    return found.summed_up(samples)


def draw_days(rng: np.random.Generator, days: int, block: int) -> Days:
    """(days,) row numbers of a circular block sample: blocks of consecutive rows from random ones, the last cut off."""
    blocks = math.ceil(days / block)
    starts = rng.integers(0, days, blocks)
    drawn: Days = ((starts[:, None] + np.arange(block)) % days).ravel()[:days]
    return drawn


def days_not_drawn(drawn: Days, days: int) -> Days:
    """Row numbers of the days out of the bag, increasing."""
    out = np.ones(days, dtype=bool)
    out[drawn] = False
    return np.flatnonzero(out)


class _Found:
    """What the samples so far gave."""

    def __init__(self, problem: Problem, means: Means, choose: Choose) -> None:
        self.problem = problem
        self.means = means
        self.choose = choose
        self.needed = math.ceil(1.0 / (1.0 - problem.constraints.beta) - 1e-9)
        self.conflicts: tuple[str, ...] = ()
        self.weights: list[Floats] = []
        self.returns: list[float] = []
        self.cvars: list[float] = []
        self.outside_returns: list[float] = []
        self.outside_cvars: list[float] = []
        self.optimism: list[float] = []

    def add(self, drawn: Days) -> None:
        """Optimise on the days drawn, and measure on the others."""
        scenarios = self.problem.scenarios
        values = scenarios.values[drawn]
        sample = ReturnsMatrix(scenarios.dates, scenarios.strategies, values)
        expected = expected_returns(values, self.means).annual
        # A new session each: samples have too little in common for the last optimum to be near, and where several
        # allocations are equally good none depends on the samples before.
        solution = self.choose(Session(), replace(self.problem, scenarios=sample, expected_returns=expected))
        if solution.portfolio is None:
            self.conflicts = solution.conflicts
            return
        self.weights.append(solution.weights)
        self.returns.append(solution.expected_return_annual)
        self.cvars.append(solution.cvar)
        outside = days_not_drawn(drawn, len(values))
        if len(outside) < self.needed:
            return
        held = np.flatnonzero(solution.weights)
        unseen = scenarios.values[np.ix_(outside, held)] @ solution.weights[held]
        self.outside_returns.append(float(unseen.mean()) * TRADING_DAYS)
        self.outside_cvars.append(cvar(unseen, self.problem.constraints.beta))
        self.optimism.append(self.outside_cvars[-1] - solution.cvar)

    def summed_up(self, samples: int) -> Bootstrap:
        if not self.weights:
            raise InfeasibleError(
                f"no weights meet all limits in any of {samples} samples; in the last one these contradict each other: "
                f"{', '.join(self.conflicts)}",
                remedy="relax one of them",
            )
        return Bootstrap(
            strategies=self.problem.scenarios.strategies,
            samples=samples,
            optimal=len(self.weights),
            measured=len(self.outside_cvars),
            weights=bands_of(self.weights),
            expected_return_annual=band_of(self.returns),
            cvar=band_of(self.cvars),
            out_of_bag_return_annual=band_of(self.outside_returns),
            out_of_bag_cvar=band_of(self.outside_cvars),
            optimism=band_of(self.optimism),
        )
