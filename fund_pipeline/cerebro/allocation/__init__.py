"""How much capital each strategy gets: an exact engine behind `solve`, with a proof of every optimum.

Also the efficient frontier, the least CVaR for a target return, sessions that solve again and again from where they
are, and clusters of strategies to cap as one."""

from fund_pipeline.cerebro.allocation.clusters import correlation_clusters
from fund_pipeline.cerebro.allocation.model import Cluster, Constraints, Problem, WeightBounds
from fund_pipeline.cerebro.allocation.solution import (
    ALLOCATOR,
    BindingConstraint,
    Certificate,
    FrontierPoint,
    Portfolio,
    Solution,
    SolutionStatus,
)
from fund_pipeline.cerebro.allocation.solving import (
    Session,
    efficient_frontier,
    maximise_ratio,
    minimise_cvar,
    portfolio_of,
    solve,
)

__all__ = [
    "ALLOCATOR",
    "BindingConstraint",
    "Certificate",
    "Cluster",
    "Constraints",
    "FrontierPoint",
    "Portfolio",
    "Problem",
    "Session",
    "Solution",
    "SolutionStatus",
    "WeightBounds",
    "correlation_clusters",
    "efficient_frontier",
    "maximise_ratio",
    "minimise_cvar",
    "portfolio_of",
    "solve",
]
