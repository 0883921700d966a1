"""Thousands of random problems, the engine against the plain programme; one of the campaigns of `make chaos`.

Each instance is asked for the most return and for the least CVaR, by a new engine and by a session that has just
answered the same problem with other means and limits; for the most return per CVaR; and one in five of them for the
most return within a limit of the drawdown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from fund_pipeline.cerebro.allocation.fast.engine import Engine
from fund_pipeline.cerebro.allocation.limits import Limits
from fund_pipeline.cerebro.allocation.lp import Aim
from fund_pipeline_tests.campaigns import Fault, Outcome
from fund_pipeline_tests.cerebro.allocation.beyond_linear import compare_drawdown, compare_ratio
from fund_pipeline_tests.cerebro.allocation.comparison import Comparison, compare, questions
from fund_pipeline_tests.cerebro.allocation.instances import random_instance

MOST_DAYS, MOST_STRATEGIES, DRAWDOWN_EVERY = 400, 14, 5


def moved(limits: Limits, rng: np.random.Generator) -> Limits:
    """The limits with means and bounds moved as a slider would."""
    return replace(
        limits,
        expected=limits.expected * rng.uniform(0.9, 1.1, limits.expected.size),
        cvar_limit=None if limits.cvar_limit is None else limits.cvar_limit * float(rng.uniform(0.5, 2.0)),
        rows=tuple(replace(row, bound=row.bound * float(rng.uniform(0.8, 1.2))) for row in limits.rows),
    )


def compare_all(seed: int, most_days: int, most_strategies: int) -> list[tuple[str, Comparison]]:
    """Every question about the instance of a seed, with what was asked."""
    found = []
    rng = np.random.default_rng(seed)
    for limits, aim in questions(random_instance(seed, most_days, most_strategies)):
        found.append((f"{aim.value}, new", compare(limits, aim)))
        engine = Engine()
        engine.optimise(moved(limits, rng), aim)
        found.append((f"{aim.value}, warm", compare(limits, aim, engine)))
        if aim is Aim.MOST_RETURN:
            found.append((f"{aim.value}, moved on", compare(moved(limits, rng), aim, engine)))
    return found


def compare_beyond(seed: int, most_days: int, most_strategies: int) -> list[tuple[str, Comparison]]:
    """The questions about the instance of a seed that are not one linear programme."""
    problem = random_instance(seed, most_days, most_strategies)
    found = [("best ratio", compare_ratio(problem))]
    if seed % DRAWDOWN_EVERY == 0:
        found.append(("most return within a drawdown", compare_drawdown(problem, seed)))
    return found


def run(first_seed: int, instances: int, tell: Callable[[Fault], None]) -> Outcome:
    """Compare so many instances. See `Campaign`."""
    faults, feasible, total, gap, difference = [], 0, 0, 0.0, 0.0
    for seed in range(first_seed, first_seed + instances):
        asked = compare_all(seed, MOST_DAYS, MOST_STRATEGIES) + compare_beyond(seed, MOST_DAYS, MOST_STRATEGIES)
        for question, found in asked:
            total += 1
            feasible += found.feasible
            gap, difference = max(gap, found.gap), max(difference, found.difference)
            if found.faults:
                faults.append(Fault(seed, f"{question}: {'; '.join(found.faults)}"))
                tell(faults[-1])
    return Outcome(
        tuple(faults),
        f"{instances} instances, {total} questions, {feasible} with weights, {total - feasible} without; "
        f"greatest gap {gap:.1e}, greatest difference {difference:.1e}",
    )
