"""Objectives of variance and of risk shared out: least variance, mean-variance, Sharpe ratio, risk parity and HRP.

Each optimum comes with its KKT residual and a bound that proves it."""

from fund_pipeline.cerebro.allocation.quadratic.hrp import hrp
from fund_pipeline.cerebro.allocation.quadratic.parity import risk_parity
from fund_pipeline.cerebro.allocation.quadratic.result import Conflict, Quadratic, QuadraticObjective
from fund_pipeline.cerebro.allocation.quadratic.risk import Risk, risk_of_covariance, risk_of_returns
from fund_pipeline.cerebro.allocation.quadratic.sharpe import maximise_sharpe
from fund_pipeline.cerebro.allocation.quadratic.solving import QUADRATIC_ALLOCATOR, solve_quadratic
from fund_pipeline.cerebro.allocation.quadratic.variance import mean_variance, minimise_variance

__all__ = [
    "QUADRATIC_ALLOCATOR",
    "Conflict",
    "Quadratic",
    "QuadraticObjective",
    "Risk",
    "hrp",
    "maximise_sharpe",
    "mean_variance",
    "minimise_variance",
    "risk_of_covariance",
    "risk_of_returns",
    "risk_parity",
    "solve_quadratic",
]
