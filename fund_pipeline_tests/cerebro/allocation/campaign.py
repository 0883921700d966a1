"""Thousands of random problems, the engine against the plain programme.

``python -m fund_pipeline_tests.cerebro.allocation.campaign --instances 3000 --seed 1``: prints each fault with the seed
that shows it again, then a summary; exit 1 if there was a fault. Each instance is asked for the most return and for the
least CVaR, by a new engine and by a session that has just answered the same problem with other means and limits.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

import numpy as np

from fund_pipeline.cerebro.allocation.fast.engine import Engine
from fund_pipeline.cerebro.allocation.limits import Limits
from fund_pipeline.cerebro.allocation.lp import Aim
from fund_pipeline_tests.cerebro.allocation.comparison import Comparison, compare, questions
from fund_pipeline_tests.cerebro.allocation.instances import random_instance


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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instances", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=int, default=400)
    parser.add_argument("--strategies", type=int, default=14)
    asked = parser.parse_args()
    faults, feasible, total, gap, difference = 0, 0, 0, 0.0, 0.0
    for seed in range(asked.seed, asked.seed + asked.instances):
        for question, found in compare_all(seed, asked.days, asked.strategies):
            total += 1
            feasible += found.feasible
            gap, difference = max(gap, found.gap), max(difference, found.difference)
            if found.faults:
                faults += 1
                print(f"seed {seed}, {question}: {'; '.join(found.faults)}", flush=True)
    print(
        f"{asked.instances} instances, {total} questions, {feasible} with weights, {total - feasible} without; "
        f"greatest gap {gap:.1e}, greatest difference {difference:.1e}; {faults} faults"
    )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
