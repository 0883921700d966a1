"""What could happen to an allocation: walked forward, resampled, stressed, and with every number a little different.

All answers are values; randomness comes from a seed, and progress is told to whoever asks."""

from fund_pipeline.cerebro.simulation.bands import Band, WeightBands
from fund_pipeline.cerebro.simulation.bootstrap import Bootstrap, bootstrap
from fund_pipeline.cerebro.simulation.break_even import BreakEven
from fund_pipeline.cerebro.simulation.crisis_replay import Coverage, CrisisReplay, replay_crises
from fund_pipeline.cerebro.simulation.kupiec import Exceedances, proportion_of_failures
from fund_pipeline.cerebro.simulation.marginal import (
    Added,
    Marginal,
    WithoutIt,
    effect_of_adding,
    marginal,
)
from fund_pipeline.cerebro.simulation.sensitivity import Move, MovedKind, Sensitivity, sensitivity
from fund_pipeline.cerebro.simulation.stress import Misalignment, Shock, Stress, TogetherRisk, stress
from fund_pipeline.cerebro.simulation.track import TrackSummary
from fund_pipeline.cerebro.simulation.walk_forward import Rebalance, WalkForward, walk_forward

__all__ = [
    "Added",
    "Band",
    "Bootstrap",
    "BreakEven",
    "Coverage",
    "CrisisReplay",
    "Exceedances",
    "Marginal",
    "Misalignment",
    "Move",
    "MovedKind",
    "Rebalance",
    "Sensitivity",
    "Shock",
    "Stress",
    "TogetherRisk",
    "TrackSummary",
    "WalkForward",
    "WeightBands",
    "WithoutIt",
    "bootstrap",
    "effect_of_adding",
    "marginal",
    "proportion_of_failures",
    "replay_crises",
    "sensitivity",
    "stress",
    "walk_forward",
]
