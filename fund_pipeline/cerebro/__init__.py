"""Cerebro decides. Pure functions, arrays in, values out: no files, no clock, no SQL, no Dagster.

`allocation` is a package of its own, imported by name, because it alone needs an optimiser."""

from fund_pipeline.cerebro.correlation import (
    LaggedCorrelation,
    PairwiseCorrelation,
    Repaired,
    lagged_correlation,
    pairwise_correlation,
    repair_psd,
)
from fund_pipeline.cerebro.crises import CRISES, Crisis, hidden_crises
from fund_pipeline.cerebro.cvar import cvar, cvar_contributions, tail_weights, var
from fund_pipeline.cerebro.model import TRADING_DAYS, Floats, ReturnsMatrix
from fund_pipeline.cerebro.statistics import StrategyStatistics, strategy_statistics

__all__ = [
    "CRISES",
    "TRADING_DAYS",
    "Crisis",
    "Floats",
    "LaggedCorrelation",
    "PairwiseCorrelation",
    "Repaired",
    "ReturnsMatrix",
    "StrategyStatistics",
    "cvar",
    "cvar_contributions",
    "hidden_crises",
    "lagged_correlation",
    "pairwise_correlation",
    "repair_psd",
    "strategy_statistics",
    "tail_weights",
    "var",
]
