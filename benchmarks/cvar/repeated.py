"""Many solves in a row: the frontier, re-solves as of a slider, and a walk forward."""

from __future__ import annotations

import statistics
import time
from dataclasses import replace

import numpy as np

from benchmarks.cvar.measure import Measurement, Peer, Promise, check, span, timed
from benchmarks.cvar.peers import PYPORTFOLIOOPT, by_pyportfolioopt
from benchmarks.cvar.problems import FREE, annual_means, generate, held_of, limit_of, matrix_of, pose
from fund_pipeline.cerebro.allocation import Session, SolutionStatus, efficient_frontier, solve
from fund_pipeline.cerebro.simulation.walk_forward import WalkForward, walk_forward

DAYS, STRATEGIES, SHARE = 2520, 200, 0.5
POINTS, RESOLVES, WINDOW, STEPS, REAL_SOLVES = 50, 500, 2020, 500, 5


def measure_frontier() -> Measurement:
    values = generate(DAYS, STRATEGIES)
    limit = limit_of(values, SHARE)
    single, _ = timed(lambda: solve(pose(values, limit)).expected_return_annual, 15)
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        points = efficient_frontier(pose(values, limit), POINTS)
        seconds.append(time.perf_counter() - start)
    assert not any(point.fallbacks for point in points)
    for point in points[:: POINTS // 5]:
        if point.cvar > 0.0:
            cold = solve(pose(values, point.cvar)).certificate
            assert cold is not None
            assert cold.bound is not None
            check(point.expected_return_annual, cold.bound, f"frontier at {point.cvar:.5f}")
    ours = statistics.median(seconds)
    return Measurement(
        row="frontier",
        problem=f"frontier of {POINTS} points, {DAYS}×{STRATEGIES}",
        held=span([held_of(point.weights) for point in points]),
        seconds=ours,
        reached=ours / single,
        promise=Promise(60, 15, " single solves", fewer_is_better=True),
    )


def measure_resolves() -> Measurement:
    values = generate(DAYS, STRATEGIES)
    limit, mean = limit_of(values, SHARE), annual_means(values)
    rng = np.random.default_rng(1)
    asked = [(mean * rng.uniform(0.95, 1.05, STRATEGIES), limit * rng.uniform(0.9, 1.1)) for _ in range(RESOLVES)]
    session, found, held = Session(), [], []
    start = time.perf_counter()
    for expected, at in asked:
        solution = session.solve(pose(values, at, expected))
        assert not solution.fallbacks, solution.fallbacks
        assert solution.certificate is not None
        assert solution.certificate.bound is not None
        found.append(solution.certificate.bound)
        held.append(held_of(solution.weights))
    ours = time.perf_counter() - start
    seconds, differences = [], []
    for i in _spread(RESOLVES):
        expected, at = asked[i]
        taken, theirs = timed(lambda e=expected, a=at: by_pyportfolioopt(values, a, e), 1)
        seconds.append(taken)
        differences.append(check(found[i], theirs, f"re-solve {i}"))
    peer = _scaled(seconds, differences, RESOLVES)
    return Measurement(
        row="resolves",
        problem=f"{RESOLVES} re-solves, means ±5 %, limit ±10 %, {DAYS}×{STRATEGIES}",
        held=span(held),
        seconds=ours,
        peers=(peer,),
        reached=peer.seconds / ours,
        promise=Promise(300, 600, "×"),
    )


def measure_walk_forward() -> Measurement:
    """Every day a choice from the 2020 days before; the peer chooses from some of the same windows."""
    values = generate(DAYS, STRATEGIES)
    limit = limit_of(values, SHARE)
    start = time.perf_counter()
    walk = _walk(values, limit)
    ours = time.perf_counter() - start
    assert len(walk.rebalances) == STEPS
    for rebalance in walk.rebalances:
        assert rebalance.status is SolutionStatus.OPTIMAL
        assert not rebalance.fallbacks, rebalance.fallbacks
    seconds, differences = [], []
    for i in _spread(STEPS):
        seen = values[i : i + WINDOW]
        taken, theirs = timed(lambda seen=seen: by_pyportfolioopt(seen, limit), 1)
        seconds.append(taken)
        differences.append(check(annual_means(seen) @ walk.rebalances[i].weights, theirs, f"window {i}"))
    peer = _scaled(seconds, differences, STEPS)
    return Measurement(
        row="walk-forward",
        problem=f"walk-forward of {STEPS} steps, window {WINDOW} of {DAYS}×{STRATEGIES}",
        held=span([held_of(rebalance.weights) for rebalance in walk.rebalances]),
        seconds=ours,
        peers=(peer,),
        reached=peer.seconds / ours,
        promise=Promise(500, 1500, "×"),
    )


def _walk(values: np.ndarray, limit: float) -> WalkForward:
    return walk_forward(matrix_of(values), np.zeros(STRATEGIES), replace(FREE, cvar_limit=limit), window=WINDOW, step=1)


def _spread(count: int) -> list[int]:
    """Which of the questions the peer is really asked: the first, the last, and some between."""
    return np.linspace(0, count - 1, REAL_SOLVES).round().astype(int).tolist()


def _scaled(seconds: list[float], differences: list[float], count: int) -> Peer:
    return Peer(PYPORTFOLIOOPT, statistics.median(seconds) * count, max(differences), scaled_from=len(seconds))
