"""How much capital each strategy gets: an exact linear programme behind `solve`, with a proof of its optimum.

Also the efficient frontier, the least CVaR for a target return, and clusters of strategies to cap as one."""

from fund_pipeline.cerebro.allocation.clusters import correlation_clusters
from fund_pipeline.cerebro.allocation.frontier import efficient_frontier
from fund_pipeline.cerebro.allocation.model import Cluster, Constraints, Problem
from fund_pipeline.cerebro.allocation.solution import (
    BindingConstraint,
    Certificate,
    FrontierPoint,
    Portfolio,
    Solution,
    SolutionStatus,
)
from fund_pipeline.cerebro.allocation.solving import ALLOCATOR, minimise_cvar, portfolio_of, solve

__all__ = [
    "ALLOCATOR",
    "BindingConstraint",
    "Certificate",
    "Cluster",
    "Constraints",
    "FrontierPoint",
    "Portfolio",
    "Problem",
    "Solution",
    "SolutionStatus",
    "correlation_clusters",
    "efficient_frontier",
    "minimise_cvar",
    "portfolio_of",
    "solve",
]
