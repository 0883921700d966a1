"""The least account in whole units, and the best units at a given one: `python -m benchmarks.account_size`.

One thread, wall-clock medians over seeded units of 5,000 to 50,000 for the 200 strategies of `benchmarks.cvar`, 2520
days, CVaR limited to half that of the most return; from the raw matrix, the continuous optimum included. At most 25
strategies may be held. Every answer is checked: the proven gap, and all limits from units and scenarios alone.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from benchmarks.cvar import generate, limit_of, pose
from fund_pipeline.cerebro.account_size import Holding, Unit, best_at, minimum_account
from fund_pipeline.cerebro.allocation import Problem, solve
from fund_pipeline.cerebro.allocation.limits import limits_of

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"), "1")
GAP, CANDIDATES = 1e-4, 25
LEAST, AIM = 10.0, 1.0
SEEDS = range(11)
DELTAS = (0.01, 0.05)
CAPITALS = (Decimal(1_000_000), Decimal(5_000_000))


@dataclass(frozen=True)
class Accounts:
    """What the seeds gave: seconds, capitals, numbers of strategies held, shares of the return kept, proven gaps."""

    seconds: tuple[float, ...]
    capitals: tuple[float, ...]
    held: tuple[int, ...]
    kept: tuple[float, ...]
    gaps: tuple[float, ...]

    def __str__(self) -> str:
        middle = statistics.median(self.seconds)
        reached = "aim reached" if middle <= AIM else "reached" if middle <= LEAST else "NOT REACHED"
        return (
            f"{min(self.held)} to {max(self.held)} held, capital {min(self.capitals):,.0f} to "
            f"{max(self.capitals):,.0f}, return kept {min(self.kept):.2%} to {max(self.kept):.2%}, "
            f"greatest gap {max(self.gaps):.0e}: "
            f"{middle:.2f} s ({min(self.seconds):.2f} to {max(self.seconds):.2f}) | "
            f"at least <= {LEAST:g} s, aim <= {AIM:g} s: {reached}"
        )


def problem_of(days: int = 2520, strategies: int = 200, share: float = 0.5) -> Problem:
    values = generate(days, strategies)
    return pose(values, limit_of(values, share))


def units_of(seed: int, strategies: int) -> dict[str, Unit]:
    sizes = np.random.default_rng(seed).integers(5, 51, strategies) * 1000
    return {f"S{i}": Unit(Decimal(int(size))) for i, size in enumerate(sizes)}


def least_accounts(problem: Problem, delta: float) -> Accounts:
    """The least account for each seed's units."""
    rows = []
    for seed in SEEDS:
        units = units_of(seed, len(problem.scenarios.strategies))
        start = time.perf_counter()
        found = minimum_account(problem, units, delta=delta, gap=GAP, candidates=CANDIDATES)
        seconds = time.perf_counter() - start
        assert found.holding is not None
        assert found.holding.return_kept >= 1.0 - delta
        rows.append((seconds, *checked(problem, units, found.holding, found.relative_gap, len(found.candidates))))
    return Accounts(*(tuple(column) for column in zip(*rows, strict=True)))


def best_accounts(problem: Problem, capital: Decimal) -> Accounts:
    """The best units at a capital for each seed's units."""
    rows = []
    for seed in SEEDS:
        units = units_of(seed, len(problem.scenarios.strategies))
        start = time.perf_counter()
        found = best_at(problem, units, capital, gap=GAP, candidates=CANDIDATES)
        seconds = time.perf_counter() - start
        assert found.holding is not None
        rows.append((seconds, *checked(problem, units, found.holding, found.relative_gap, len(found.candidates))))
    return Accounts(*(tuple(column) for column in zip(*rows, strict=True)))


def checked(
    problem: Problem, units: dict[str, Unit], holding: Holding, gap: float, candidates: int
) -> tuple[float, int, float, float]:
    """Capital, number held, return kept and gap of a holding that is right by its units and scenarios alone."""
    assert gap <= GAP, gap
    assert candidates <= CANDIDATES, candidates
    counts = dict(zip(problem.scenarios.strategies, holding.units, strict=True))
    weights = np.array([float(count * units[name].notional / holding.capital) for name, count in counts.items()])
    assert not limits_of(problem).broken_by(weights)
    kept = float(problem.expected_returns @ weights) / solve(problem).expected_return_annual
    assert abs(kept - holding.return_kept) <= 1e-9
    return float(holding.capital), int((weights > 0.0).sum()), kept, gap


def main() -> None:
    if any(os.environ.get(name) != count for name, count in ONE_THREAD.items()):
        # Libraries read these when they are imported, so start again with them.
        os.execve(sys.executable, [sys.executable, "-m", "benchmarks.account_size"], os.environ | ONE_THREAD)
    problem = problem_of()
    optimum = solve(problem)
    support = int((optimum.weights > 1e-6).sum())
    print(
        f"2520x200, L = 50 %: {support} held in the continuous optimum, {CANDIDATES} candidates, units of 5,000 to "
        f"50,000, {len(SEEDS)} seeds, gap {GAP:g}",
        flush=True,
    )
    for delta in DELTAS:
        print(f"least account, delta {delta:.0%}: {least_accounts(problem, delta)}", flush=True)
    for capital in CAPITALS:
        print(f"best units at {capital:,}: {best_accounts(problem, capital)}", flush=True)


if __name__ == "__main__":
    main()
