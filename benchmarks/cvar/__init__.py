"""The allocation engine against the libraries: `python -m benchmarks.cvar [--rows ROW ...] [--write | --render]`.

One thread, wall-clock medians, the same problem for all, from the raw matrix: Σw ≤ 2, 0 ≤ w ≤ 0.5, CVaR at .95 ≤ L,
where L is a share of the CVaR of the most return under the other limits."""

from benchmarks.cvar.problems import FREE, generate, limit_of, pose

__all__ = ["FREE", "generate", "limit_of", "pose"]
