"""Cerebro decides. Pure functions, arrays in, values out: no files, no clock, no SQL, no Dagster.

`allocation` is a package of its own, imported by name, because it alone needs an optimiser."""

from fund_pipeline.cerebro.correlation import (
    LaggedCorrelation,
    PairwiseCorrelation,
    lagged_correlation,
    pairwise_correlation,
)
from fund_pipeline.cerebro.crises import CRISES, Crisis, hidden_crises
from fund_pipeline.cerebro.cvar import cvar, cvar_contributions, tail_weights, var
from fund_pipeline.cerebro.margin import SyntheticMargin, is_fixed_function_of_return
from fund_pipeline.cerebro.model import TRADING_DAYS, Floats, ReturnsMatrix
from fund_pipeline.cerebro.psd import Repaired, repair_psd
from fund_pipeline.cerebro.statistics import StrategyStatistics, strategy_statistics
from fund_pipeline.cerebro.timing import TimingEvidence, TimingVerdict, timing_evidence

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
    "SyntheticMargin",
    "TimingEvidence",
    "TimingVerdict",
    "cvar",
    "cvar_contributions",
    "hidden_crises",
    "is_fixed_function_of_return",
    "lagged_correlation",
    "pairwise_correlation",
    "repair_psd",
    "strategy_statistics",
    "tail_weights",
    "timing_evidence",
    "var",
]
