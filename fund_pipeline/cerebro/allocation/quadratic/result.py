"""What a quadratic or parity objective answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from fund_pipeline.cerebro.model import Floats


class QuadraticObjective(StrEnum):
    """What is sought; the values are those of the command's option."""

    MIN_VARIANCE = "min-variance"
    MEAN_VARIANCE = "mean-variance"
    MAX_SHARPE = "max-sharpe"
    RISK_PARITY = "risk-parity"
    HRP = "hrp"


@dataclass(frozen=True)
class Quadratic:
    """Weights with what proves them.

    Attributes
    ----------
    weights : (N,), within the limits to 1e-9.
    objective : annual variance; return net of trades − γ/2·variance; Sharpe ratio, None for cash; annual volatility for
        risk parity and HRP. Decimals.
    bound : no weights within the limits do better, whatever the solver's multipliers are worth; None where nothing is
        optimised. For the Sharpe ratio: no weights that are at least as volatile as these do better.
    relative_gap : |objective − bound| ÷ |objective| (÷ its least scale where that is greater).
    kkt_residual : see `kkt.py`; for risk parity the greatest |contribution ÷ mean contribution − 1|; None for HRP and
        for cash.
    prices : by limit, the derivative of the objective when the limit's value is raised; only of limits that bind.
    notes : what was assumed, in words.
    """

    weights: Floats
    objective: float | None
    bound: float | None
    relative_gap: float | None
    kkt_residual: float | None
    prices: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Conflict:
    """No weights meet the limits. `limits` cannot be met together, each as 'name = value'."""

    limits: tuple[str, ...]
    notes: tuple[str, ...] = ()
