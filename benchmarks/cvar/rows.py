"""Single solves: the most return within a CVaR limit, by us and by every peer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.cvar.measure import Measurement, Peer, Promise, check, difference, timed
from benchmarks.cvar.peers import EXACT, HIGHS, PYPORTFOLIOOPT, SKFOLIO, by_highs, by_pyportfolioopt, by_skfolio
from benchmarks.cvar.problems import generate, held_of, limit_of, pose
from benchmarks.cvar.real import rule_returns
from fund_pipeline.cerebro.allocation import solve

PEERS: dict[str, Callable[[np.ndarray, float], float]] = {
    PYPORTFOLIOOPT: by_pyportfolioopt,
    SKFOLIO: by_skfolio,
    HIGHS: by_highs,
}
PATIENCE = 10.0
"""Seconds after which a peer that no promise is about is not run again for its median."""


@dataclass(frozen=True)
class Row:
    """One optimisation to time: its matrix, the share of the most-return CVaR, what is promised, runs of each."""

    returns: Callable[[], np.ndarray]
    size: str
    share: float
    promise: Promise | None
    runs: int
    peer_runs: int
    real: bool = False

    @property
    def name(self) -> str:
        """What `--rows` calls it."""
        return f"{self.size}@{self.share:.0%}"


def _generated(
    days: int, strategies: int, share: float, runs: int, peer_runs: int, least: float | None = None, aim: float = 0.0
) -> Row:
    promise = None if least is None else Promise(least, aim, "×")
    return Row(lambda: generate(days, strategies), f"{days}x{strategies}", share, promise, runs, peer_runs)


ROWS = (
    _generated(252, 5, 0.5, runs=101, peer_runs=11, least=3, aim=6),
    _generated(1260, 20, 0.5, runs=51, peer_runs=5),
    _generated(2520, 50, 0.5, runs=31, peer_runs=3),
    _generated(2520, 200, 0.5, runs=31, peer_runs=3, least=150, aim=500),
    _generated(2520, 200, 0.02, runs=7, peer_runs=3, least=10, aim=30),
    _generated(5040, 500, 0.5, runs=15, peer_runs=3, least=500, aim=1800),
    Row(rule_returns, "real", 0.5, None, runs=15, peer_runs=3, real=True),
    Row(rule_returns, "real", 0.1, None, runs=7, peer_runs=3, real=True),
)


def measure_row(row: Row) -> Measurement:
    values = row.returns()
    days, strategies = values.shape
    limit = limit_of(values, row.share)
    solution = solve(pose(values, limit))
    assert not solution.fallbacks, solution.fallbacks
    ours, best = timed(lambda: solve(pose(values, limit)).expected_return_annual, row.runs)
    peers = []
    for name, by_peer in PEERS.items():
        patience = float("inf") if name == PYPORTFOLIOOPT and row.promise else PATIENCE
        seconds, theirs = timed(lambda by_peer=by_peer: by_peer(values, limit), row.peer_runs, patience)
        differs = check(best, theirs, f"{row.name} {name}") if name in EXACT else difference(best, theirs)
        peers.append(Peer(name, seconds, differs))
    of = " of rules on real prices" if row.real else ""
    return Measurement(
        row=row.name,
        problem=f"{days}×{strategies}{of}, L = {row.share * 100:g} %",
        held=str(held_of(solution.weights)),
        seconds=ours,
        peers=tuple(peers),
        reached=None if row.promise is None else peers[0].seconds / ours,
        promise=row.promise,
        cells=days * strategies if row.share == 0.5 else None,
        real=row.real,
    )
