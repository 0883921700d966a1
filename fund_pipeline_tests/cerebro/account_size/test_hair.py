"""Whole units that break a limit by less than a linear programme can tell."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from fund_pipeline.cerebro.account_size import Unit, best_at
from fund_pipeline.cerebro.allocation import Constraints
from fund_pipeline_tests.cerebro.allocation.test_ratio import fat, problem_of


def test_units_a_hair_over_a_limit_do_not_end_the_search() -> None:
    """Seven units of 0.05 would use a margin of 0.35 and seven billionths: the best that fits is still found."""
    values = fat(3, strategies=3)
    limits = Constraints(cvar_limit=None, margin_cap=0.35, max_weight=1.0)
    problem = replace(problem_of(values, limits), margins=np.array([1.0 + 2e-8, 1.0 + 2e-8, 0.8]))
    unit = {name: Unit(Decimal(50_000)) for name in problem.scenarios.strategies}
    found = best_at(problem, unit, Decimal(1_000_000))
    weights = 0.05 * np.array(np.meshgrid(*[range(9)] * 3)).reshape(3, -1).T
    allowed = weights[(weights @ problem.margins <= 0.35) & (weights.sum(axis=1) <= 2.0)]
    assert found.holding is not None
    assert found.holding.expected_return_annual == pytest.approx((allowed @ problem.expected_returns).max(), abs=1e-12)
    assert found.relative_gap <= 1e-4
