"""The most return within a CVaR limit, against the libraries: `python -m benchmarks.cvar [--rows ROW ...]`.

One thread, wall-clock medians, the same problem for all: Σw ≤ 2, 0 ≤ w ≤ 0.5, CVaR at .95 ≤ L, from the raw matrix of
seeded returns with five fat-tailed common factors. L is a share of the CVaR of the most return under the other limits.
PyPortfolioOpt is always fully invested, so it gets a last asset of no return and weights in halves. Optima must agree
to 1e-6 relative. `at least` and `aim` are what the product promises.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from pypfopt import EfficientCVaR

from fund_pipeline.cerebro.allocation import Constraints, Problem, Session, efficient_frontier, solve
from fund_pipeline.cerebro.allocation.limits import limits_of
from fund_pipeline.cerebro.allocation.lp import Aim, optimise
from fund_pipeline.cerebro.model import ReturnsMatrix

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"), "1")
AGREEMENT = 1e-6
BETA, LEVERAGE, MAX_WEIGHT = 0.95, 2.0, 0.5
FREE = Constraints(beta=BETA, cvar_limit=None, max_leverage=LEVERAGE, max_weight=MAX_WEIGHT, margin_cap=None)


@dataclass(frozen=True)
class Row:
    """One optimisation to time: matrix size, share of the most-return CVaR, promised ratios, runs of each."""

    days: int
    strategies: int
    share: float
    least: float
    aim: float
    runs: int
    peer_runs: int

    @property
    def name(self) -> str:
        """What `--rows` calls it."""
        return f"{self.days}x{self.strategies}@{self.share:.0%}"


ROWS = (
    Row(252, 5, 0.5, least=3, aim=6, runs=101, peer_runs=11),
    Row(2520, 200, 0.5, least=150, aim=500, runs=31, peer_runs=3),
    Row(2520, 200, 0.02, least=10, aim=30, runs=5, peer_runs=1),
    Row(5040, 500, 0.5, least=500, aim=1800, runs=15, peer_runs=1),
)
FRONTIER_POINTS, RESOLVES, REAL_PEER_SOLVES = 50, 500, 5


def generate(days: int, strategies: int, seed: int = 20240101) -> np.ndarray:
    """Daily returns (days, strategies): five Student-t(4) factors and Student-t(4) noise of unequal size."""
    rng = np.random.default_rng(seed)
    factors = 0.006 * rng.standard_t(4, (days, 5)) @ rng.normal(0.0, 0.6, (5, strategies))
    noise = 0.008 * rng.standard_t(4, (days, strategies)) * rng.uniform(0.5, 1.5, strategies)
    return factors + noise + rng.normal(3e-4, 4e-4, strategies)


def pose(values: np.ndarray, limit: float | None, expected: np.ndarray | None = None) -> Problem:
    days, strategies = values.shape
    return Problem(
        ReturnsMatrix(np.datetime64("1980-01-01") + np.arange(days), tuple(f"S{i}" for i in range(strategies)), values),
        values.mean(axis=0) * 252 if expected is None else expected,
        np.zeros(strategies),
        np.zeros(strategies),
        replace(FREE, cvar_limit=limit),
    )


def limit_of(values: np.ndarray, share: float) -> float:
    return share * solve(pose(values, None)).cvar


def by_pyportfolioopt(values: np.ndarray, limit: float, expected: np.ndarray | None = None) -> float:
    expected = values.mean(axis=0) * 252 if expected is None else expected
    strategies = values.shape[1]
    optimiser = EfficientCVaR(
        np.append(expected, 0.0) * LEVERAGE,
        np.column_stack((values, np.zeros(len(values)))) * LEVERAGE,
        beta=BETA,
        weight_bounds=[(0.0, MAX_WEIGHT / LEVERAGE)] * strategies + [(0.0, 1.0)],
    )
    optimiser.efficient_risk(limit)
    return float(np.append(expected, 0.0) @ np.asarray(optimiser.weights)) * LEVERAGE


def by_scipy(values: np.ndarray, limit: float) -> float:
    vertex = optimise(limits_of(pose(values, limit)), Aim.MOST_RETURN)
    assert vertex is not None
    return -vertex.objective / 1e4


def timed(call: Callable[[], float], runs: int) -> tuple[float, float]:
    """Median seconds and the last value."""
    seconds, value = [], 0.0
    for _ in range(runs):
        start = time.perf_counter()
        value = call()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), value


def check(ours: float, other: float, what: str) -> None:
    difference = abs(ours - other) / max(abs(other), 1e-6)
    assert difference <= AGREEMENT, f"{what}: {ours} and {other} differ by {difference:.1e}"


def verdict(ratio: float, least: float, aim: float) -> str:
    reached = "aim reached" if ratio >= aim else "reached" if ratio >= least else "NOT REACHED"
    return f"{ratio:.0f}x (at least {least:g}x, aim {aim:g}x): {reached}"


def bench_row(row: Row) -> None:
    values = generate(row.days, row.strategies)
    limit = limit_of(values, row.share)
    solution = solve(pose(values, limit))
    assert not solution.fallbacks, solution.fallbacks
    ours, best = timed(lambda: solve(pose(values, limit)).expected_return_annual, row.runs)
    peer, theirs = timed(lambda: by_pyportfolioopt(values, limit), row.peer_runs)
    scipy, also = timed(lambda: by_scipy(values, limit), row.peer_runs)
    check(best, theirs, f"{row.name} PyPortfolioOpt")
    check(best, also, f"{row.name} scipy")
    held = int((solution.weights > 1e-6).sum())
    print(
        f"{row.name}, {held} held: ours {ours * 1e3:.2f} ms, PyPortfolioOpt {peer * 1e3:.0f} ms, scipy highs "
        f"{scipy * 1e3:.0f} ms ({scipy / ours:.0f}x) | {verdict(peer / ours, row.least, row.aim)}",
        flush=True,
    )


def bench_frontier() -> None:
    values = generate(2520, 200)
    limit = limit_of(values, 0.5)
    single, _ = timed(lambda: solve(pose(values, limit)).expected_return_annual, 15)
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        points = efficient_frontier(pose(values, limit), FRONTIER_POINTS)
        seconds.append(time.perf_counter() - start)
    assert not any(point.fallbacks for point in points)
    held = [int((point.weights > 1e-6).sum()) for point in points]
    for point in points[:: FRONTIER_POINTS // 5]:
        if point.cvar > 0.0:
            cold = solve(pose(values, point.cvar)).certificate
            assert cold is not None
            check(point.expected_return_annual, cold.bound, f"frontier at {point.cvar:.5f}")
    times = statistics.median(seconds) / single
    reached = "aim reached" if times <= 15 else "reached" if times <= 60 else "NOT REACHED"
    print(
        f"frontier of {FRONTIER_POINTS}, 2520x200, {min(held)} to {max(held)} held: {statistics.median(seconds):.3f} s "
        f"= {times:.0f} single solves (at most 60, aim 15): {reached}",
        flush=True,
    )


def bench_resolves() -> None:
    values = generate(2520, 200)
    limit, mean = limit_of(values, 0.5), values.mean(axis=0) * 252
    rng = np.random.default_rng(1)
    asked = [(mean * rng.uniform(0.95, 1.05, 200), limit * rng.uniform(0.9, 1.1)) for _ in range(RESOLVES)]
    session, found, held = Session(), [], []
    start = time.perf_counter()
    for expected, at in asked:
        solution = session.solve(pose(values, at, expected))
        assert not solution.fallbacks, solution.fallbacks
        assert solution.certificate is not None
        found.append(solution.certificate.bound)
        held.append(int((solution.weights > 1e-6).sum()))
    ours = time.perf_counter() - start
    start = time.perf_counter()
    for (expected, at), best in list(zip(asked, found, strict=True))[:REAL_PEER_SOLVES]:
        check(best, by_pyportfolioopt(values, at, expected), "re-solve")
    peer = (time.perf_counter() - start) * RESOLVES / REAL_PEER_SOLVES
    print(
        f"{RESOLVES} re-solves, 2520x200, means ±5 %, limit ±10 %, {min(held)} to {max(held)} held: ours {ours:.2f} s, "
        f"PyPortfolioOpt {peer:.0f} s (scaled from {REAL_PEER_SOLVES}) | {verdict(peer / ours, 300, 600)}",
        flush=True,
    )


def main() -> None:
    benches: dict[str, Callable[[], None]] = {row.name: lambda row=row: bench_row(row) for row in ROWS}
    benches |= {"frontier": bench_frontier, "resolves": bench_resolves}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", nargs="+", choices=list(benches), default=list(benches), metavar="ROW")
    asked = parser.parse_args().rows
    if any(os.environ.get(name) != count for name, count in ONE_THREAD.items()):
        # Libraries read these when they are imported, so start again with them.
        os.execve(sys.executable, [sys.executable, "-m", "benchmarks.cvar", *sys.argv[1:]], os.environ | ONE_THREAD)
    for name in asked:
        benches[name]()


if __name__ == "__main__":
    main()
