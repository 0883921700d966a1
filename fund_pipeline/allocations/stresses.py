"""What some weights would lose where history was worst, as plain values for the record."""

from __future__ import annotations

from typing import Any

from fund_pipeline.cerebro.allocation import Problem
from fund_pipeline.cerebro.model import Floats, ReturnsMatrix
from fund_pipeline.cerebro.simulation import stress


def stress_record(problem: Problem, weights: Floats, history: ReturnsMatrix) -> dict[str, Any]:
    """Named crises, correlations at one, and the worst misdating by a day.

    Returns
    -------
    dict with `crises` (name, coverage WHOLE, PARTIAL or ABSENT, compounded_return, worst_day, max_drawdown, missing),
    `together` (cvar and volatility_annual, as they are and with correlations at one) and `worst_misalignment`
    (strategy, days, cvar_after; None if nothing is held). Decimals.
    """
    found = stress(problem, weights, history)
    worst = found.worst_misalignment
    return {
        "crises": [
            {
                "name": one.crisis.name,
                "coverage": one.coverage.value,
                "compounded_return": one.compounded_return,
                "worst_day": one.worst_day,
                "max_drawdown": one.max_drawdown,
                "missing": list(one.missing),
            }
            for one in found.crises
        ],
        "together": {
            "cvar": found.together.cvar,
            "cvar_together": found.together.cvar_together,
            "volatility_annual": found.together.volatility_annual,
            "volatility_annual_together": found.together.volatility_annual_together,
        },
        "worst_misalignment": None
        if worst is None
        else {"strategy_id": worst.strategy, "days": worst.days, "cvar_after": worst.cvar_after},
    }
